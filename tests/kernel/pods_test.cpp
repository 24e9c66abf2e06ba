#include "kernel/pods.h"

#include "tests/catch.h"

#include <string>
#include <vector>

namespace {

const std::string uid = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
const std::string container = "3f2a1b4c5d6e7f8091a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4";

std::string systemd_group() {
    return "0::/kubepods.slice/kubepods-burstable.slice/"
           "kubepods-burstable-pod1b4e28ba_2fa1_11d2_883f_0016d3cca427.slice/cri-containerd-" +
           container + ".scope\n";
}

} // namespace

TEST_CASE("a pod is named by the directory of its logs") {
    const std::vector<std::string> logs = {"kube-system_dns-x_00000000-2fa1-11d2-883f-0016d3cca427",
                                           "shop_cart-7d9f_" + uid};
    CHECK(kernel::pod_name(systemd_group(), logs) == "shop/cart-7d9f");
    CHECK(kernel::pod_name("4:memory:/kubepods/besteffort/pod" + uid + "/" + container + "\n", logs) ==
          "shop/cart-7d9f");
    CHECK(kernel::pod_name("0::/../kubepods-pod" + uid + ".slice/x", logs) == "shop/cart-7d9f");
}

TEST_CASE("a static pod has digits without dashes for a uid") {
    const std::string digits = "0123456789abcdef0123456789abcdef";
    CHECK(kernel::pod_name("0::/kubepods.slice/kubepods-pod" + digits + ".slice",
                           std::vector<std::string>{"kube-system_etcd-n1_" + digits}) ==
          "kube-system/etcd-n1");
}

TEST_CASE("a pod without a directory is known by its uid") {
    CHECK(kernel::pod_name(systemd_group(), {}) == "pod " + uid);
    CHECK(kernel::pod_name(systemd_group(), std::vector<std::string>{"a\n_b;rm_" + uid}) == "pod " + uid);
}

TEST_CASE("what is no pod has no name of one") {
    CHECK(kernel::pod_name("0::/system.slice/docker-" + container + ".scope\n", {}).empty());
    CHECK(kernel::pod_name("0::/user.slice/pod-of-whales.scope\n", {}).empty());
    CHECK(kernel::pod_name("0::/tripod" + uid + "\n", {}).empty());
    CHECK(kernel::pod_name("", {}).empty());
}

TEST_CASE("a container is known by the digits that docker shows") {
    CHECK(kernel::container_name("0::/system.slice/docker-" + container + ".scope\n") ==
          "container 3f2a1b4c5d6e");
    CHECK(kernel::container_name("5:cpu:/docker/" + container + "\n") == "container 3f2a1b4c5d6e");
    CHECK(kernel::container_name("0::/machine.slice/libpod-" + container + ".scope/container") ==
          "container 3f2a1b4c5d6e");
    CHECK(kernel::container_name("0::/system.slice/ssh.service\n").empty());
    CHECK(kernel::container_name("0::/x" + container + "\n").empty());
}
