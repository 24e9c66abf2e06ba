#include "snapshot/owners.h"

#include "tests/catch.h"

TEST_CASE("the holder of a socket by its inode, which no closed socket has") {
    snapshot::Holders holders;
    CHECK(holders.find(42) == nullptr);
    holders.sockets = {{0, 9, 9}, {42, 1, 3}, {44, 0, 5}};
    REQUIRE(holders.find(42) != nullptr);
    CHECK(holders.find(42)->process == 1);
    CHECK(holders.find(44)->descriptor == 5);
    for (const std::uint32_t nobody : {0U, 41U, 43U, 45U}) {
        CHECK(holders.find(nobody) == nullptr);
    }
}

TEST_CASE("the path of a control group, unless nobody could tell it") {
    snapshot::Owners owners;
    owners.cgroups.emplace(7, std::string("/a.service"));
    owners.cgroups.emplace(8, base::Gap{"control group 8", base::Why::absent, "gone"});
    REQUIRE(owners.cgroup_path(7) != nullptr);
    CHECK(*owners.cgroup_path(7) == "/a.service");
    CHECK(owners.cgroup_path(8) == nullptr);
    CHECK(owners.cgroup_path(9) == nullptr);
    CHECK(owners.cgroup_path(std::nullopt) == nullptr);
}
