#include "tests/catch.h"

#include "model/listeners.h"

using model::service_of;

namespace {

const std::string id = "3f2a9c0d1e2f4b5a6978877665544332211aabbccddeeff00112233445566778";
const std::string inner = "0123456789ab4b5a6978877665544332211aabbccddeeff00112233445566778f";
const std::string other = "0123456789ab4b5a6978877665544332211aabbccddeeff00112233445566778";

std::string name_of(const std::string& path) {
    return service_of(path).name();
}

} // namespace

TEST_CASE("A systemd unit is the first part after the slices") {
    CHECK(name_of("/system.slice/nginx.service") == "nginx.service");
    CHECK(name_of("/system.slice/system-getty.slice/getty@tty1.service") == "getty@tty1.service");
    CHECK(name_of("/system.slice/php-fpm.service/worker/x.service") ==
          "php-fpm.service"); // it made that itself
    CHECK(name_of("/system.slice/docker.socket") == "docker.socket");
    CHECK(name_of("/system.slice/run-r1234.scope") == "run-r1234.scope");
    CHECK(name_of("/system.slice/my\\x2dapp.service") == "my-app.service");
    CHECK(service_of("/system.slice/nginx.service").container.empty());
}

TEST_CASE("A service is restarted by its name, unless others end with it") {
    const auto restartable = [](const std::string& unit) {
        return service_of("/system.slice/" + unit).restartable();
    };
    CHECK(restartable("nginx.service") == "nginx.service");
    CHECK(restartable("docker-registry.service") == "docker-registry.service");
    for (const char* unit : {"docker.service", "containerd.service", "crio.service", "kubelet.service",
                             "dbus.service", "systemd-networkd.service", "docker.socket"}) {
        CAPTURE(unit);
        CHECK(restartable(unit).empty());
    }
    CHECK(service_of("/docker/" + id + "/system.slice/nginx.service").restartable().empty());
}

TEST_CASE("A unit of a user says of which") {
    CHECK(name_of("/user.slice/user-1000.slice/user@1000.service/app.slice/web.service") ==
          "web.service (user 1000)");
    CHECK(name_of("/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.slice/app-x-1.scope") ==
          "app-x-1.scope (user 1000)");
    CHECK(name_of("/user.slice/user-0.slice/user@0.service/nginx.service") == "nginx.service (user 0)");
}

TEST_CASE("What programs share that have nothing to do with each other is no service") {
    for (const char* path :
         {"", "/", "/init.scope", "/system.slice", "/user.slice/user-1000.slice/session-3.scope",
          "/user.slice/user-1000.slice/user@1000.service",
          "/user.slice/user-1000.slice/user@1000.service/init.scope", "/mygroup", "/mygroup/nginx.service",
          "/system.slice/.service", "/../../..", "////", "/lxc.monitor.web1"}) {
        CAPTURE(path);
        CHECK_FALSE(service_of(path).known());
    }
}

TEST_CASE("docker, podman, nerdctl and cri-o") {
    CHECK(name_of("/system.slice/docker-" + id + ".scope") == "docker 3f2a9c0d1e2f");
    CHECK(name_of("/docker/" + id) == "docker 3f2a9c0d1e2f");
    CHECK(name_of("/machine.slice/libpod-" + id + ".scope/container") == "podman 3f2a9c0d1e2f");
    CHECK(name_of("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id +
                  ".scope/container") == "podman 3f2a9c0d1e2f");
    CHECK(name_of("/libpod_parent/libpod-" + id) == "podman 3f2a9c0d1e2f");
    CHECK(name_of("/system.slice/nerdctl-" + id + ".scope") == "nerdctl 3f2a9c0d1e2f");
    CHECK(name_of("/machine.slice/crio-" + id + ".scope") == "cri-o 3f2a9c0d1e2f");
    CHECK(name_of("/ecs/0123456789abcdef0123456789abcdef/" + id) == "container 3f2a9c0d1e2f");
    CHECK(service_of("/docker/" + id).unit.empty());
    // the monitor beside the container, and numbers that are none
    CHECK(name_of("/machine.slice/libpod-conmon-" + id + ".scope") == "libpod-conmon-" + id + ".scope");
    CHECK_FALSE(service_of("/docker/" + inner).known()); // 65 digits
    CHECK_FALSE(service_of("/docker/" + id.substr(1)).known());
    CHECK_FALSE(service_of("/docker/Z" + id.substr(1)).known());
}

TEST_CASE("pods of Kubernetes, by both drivers") {
    const std::string pod = "8a2b1c3d-1111-2222-3333-444455556666";
    const std::string expected = "kubepods pod " + pod + " container 3f2a9c0d1e2f";
    CHECK(name_of("/kubepods.slice/kubepods-burstable.slice/"
                  "kubepods-burstable-pod8a2b1c3d_1111_2222_3333_444455556666.slice/cri-containerd-" +
                  id + ".scope") == expected);
    CHECK(name_of("/kubepods.slice/kubepods-pod8a2b1c3d_1111_2222_3333_444455556666.slice/crio-" + id +
                  ".scope") == expected);
    CHECK(name_of("/kubepods/besteffort/pod" + pod + "/" + id) == expected);
    CHECK(name_of("/kubepods/pod" + pod + "/" + id) == expected);
    CHECK(name_of("/system.slice/docker-" + other +
                  ".scope/kubelet.slice/kubelet-kubepods.slice/"
                  "kubelet-kubepods-burstable.slice/"
                  "kubelet-kubepods-burstable-pod8a2b1c3d_1111_2222_3333_444455556666.slice/cri-containerd-" +
                  id + ".scope") == expected); // kind: the innermost one
    CHECK(name_of("/kubepods/besteffort/podfedcba98765432100123456789abcdef/" + id) ==
          "kubepods pod fedcba98765432100123456789abcdef container 3f2a9c0d1e2f"); // static pods have a hash
}

TEST_CASE("lxc and machines, and the units inside of them") {
    CHECK(name_of("/lxc.payload.web1") == "lxc web1");
    CHECK(name_of("/lxc/web1") == "lxc web1");
    CHECK(name_of("/lxc.payload.web1/system.slice/nginx.service") == "nginx.service in lxc web1");
    CHECK(name_of("/lxc/web1/user.slice/user-0.slice/session-1.scope") == "lxc web1");
    CHECK(name_of("/machine.slice/systemd-nspawn@db.service/payload/system.slice/postgresql.service") ==
          "postgresql.service in machine db");
    CHECK(name_of("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator") == "machine qemu-1-vm");
    CHECK(name_of("/system.slice/docker-" + id + ".scope/system.slice/cron.service") ==
          "cron.service in docker 3f2a9c0d1e2f");
    const auto both = service_of("/lxc/web1/system.slice/nginx.service");
    CHECK(both.unit == "nginx.service");
    CHECK(both.container == "lxc web1");
}

TEST_CASE("Names of control groups are made printable") {
    CHECK(name_of("/system.slice/a\x1B[31m\n\xFF.service") == "a?[31m??.service");
    CHECK(name_of("/lxc/\x1B]0;x\x07") == "lxc ?]0;x?");
    CHECK(name_of("/system.slice/a\\x0ab\\x1bc.service") == "a?b?c.service"); // after unescaping
    CHECK(name_of("/system.slice/\\x2.service") == "\\x2.service");
}
