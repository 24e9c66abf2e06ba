#include "kernel/netns_search.h"
#include "kernel/proc_text.h"

#include "tests/catch.h"

TEST_CASE("A mount that holds a network namespace tells its number") {
    const auto mounts = kernel::netns_mounts_in(
        "21 26 0:20 / /proc rw,relatime - proc proc rw\n"
        "90 26 0:4 net:[4026532386] /run/netns/a rw shared:7 - nsfs nsfs rw\n"
        "91 26 0:4 mnt:[4026532387] /run/mnt rw - nsfs nsfs rw\n"
        "92 26 0:4 net:[4026532388] /run/docker\\040netns/b rw shared:7 master:1 - nsfs nsfs rw\n"
        "93 26 0:4 net:[x] /c rw - nsfs nsfs rw\n94 net:[1]\n net:[");
    REQUIRE(mounts.size() == 2);
    CHECK(mounts[0].number == 4026532386);
    CHECK(mounts[0].point == "/run/netns/a");
    CHECK(mounts[1].point == "/run/docker netns/b");
}

TEST_CASE("A descriptor of a network namespace is told by its link") {
    CHECK(kernel::number_in_link("net:[4026531833]", "net") == 4026531833);
    for (const char* other :
         {"", "net:[", "net:[]", "net:[12", "mnt:[4026531833]", "socket:[17]", "/tmp/net:[1]"}) {
        CHECK_FALSE(kernel::number_in_link(other, "net"));
    }
}

TEST_CASE("/proc hides processes by the last mount there") {
    const std::string open = "21 26 0:20 / /proc rw,relatime - proc proc rw\n";
    const std::string hiding = "22 21 0:21 / /proc rw - proc proc rw,gid=5,hidepid=invisible\n";
    CHECK_FALSE(kernel::hides_processes(open));
    CHECK(kernel::hides_processes(hiding));
    CHECK(kernel::hides_processes("22 21 0:21 / /proc rw - proc proc rw,hidepid=4\n"));
    CHECK(kernel::hides_processes("22 21 0:21 / /proc rw - proc proc rw,hidepid=2\n"));
    CHECK_FALSE(
        kernel::hides_processes("22 21 0:21 / /proc rw - proc proc rw,hidepid=1\n")); // they are listed
    CHECK_FALSE(kernel::hides_processes("22 21 0:21 / /other rw - proc proc rw,hidepid=2\n"));
    CHECK(kernel::hides_processes(open + hiding));
    CHECK_FALSE(kernel::hides_processes(hiding + open));
}
