#include "tests/render/pictures.h"

#include "tests/render/answers.h"
#include "tests/render/reports.h"

namespace test {
namespace {

facts::WaitingOwner java() {
    facts::WaitingOwner owner;
    owner.owner = "java.service";
    owner.process = "java (pid 4711)";
    owner.end_point = "10.0.0.5:5432";
    owner.total = 45;
    owner.leaked = 40;
    owner.unread = 2;
    owner.half_closed = 3;
    owner.older = {42, 42, 42, 42, 7, 0};
    owner.oldest = 5400;
    return owner;
}

facts::WaitingOwner nobody() {
    facts::WaitingOwner owner;
    owner.owner = "uid 0";
    owner.end_point = "0.0.0.0:8080";
    owner.total = 9;
    owner.unaccepted = 9;
    return owner;
}

facts::NetnsPicture quiet(const char* label) {
    facts::NetnsPicture picture;
    picture.states = busy_states();
    picture.states.label = label;
    for (facts::StateCount& state : picture.states.states) {
        state.ipv4 = 0;
        state.ipv6 = 0;
    }
    picture.ports = busy_ports();
    picture.ports.destinations.clear();
    return picture;
}

} // namespace

facts::Picture busy_picture() {
    facts::NetnsPicture picture;
    picture.states = busy_states();
    picture.ports = busy_ports();
    picture.time_wait_ages = {912, 20, 0, 0, 1, 0, 0, 0, 0, 4, 1, 1, 1};
    picture.close_wait = {java(), nobody()};
    picture.queues = {{"*:8080", "java.service, java (pid 4711)", 129, 128, 300, 4},
                      {"[::]:443", "", 1, {}, 2, 0}};
    picture.listeners = 16;
    picture.queues_left_out = 1;
    picture.owners_left_out = 2;
    facts::NetnsPicture unread;
    unread.states = unknown_states();
    unread.ports = unknown_ports();
    return {{picture, unread}};
}

facts::Picture idle_picture() {
    return {{quiet("this namespace")}};
}

facts::Picture hostile_picture() {
    facts::Picture hostile = busy_picture();
    const std::string name = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>" + hostile_text();
    for (facts::NetnsPicture& picture : hostile.namespaces) {
        picture.states.label = hostile_text();
        picture.ports.label = name;
        for (facts::WaitingOwner& owner : picture.close_wait) {
            owner.owner = name;
            owner.process = name;
            owner.end_point = name;
        }
        for (facts::ListenerQueue& queue : picture.queues) {
            queue.listener = name;
            queue.holder = name;
        }
        for (facts::Destination& destination : picture.ports.destinations) {
            destination.local = name;
            destination.remote = name;
            destination.holders = {{name, 1, false}};
        }
    }
    return hostile;
}

} // namespace test
