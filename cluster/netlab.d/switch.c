// netlab-switch: an Ethernet switch between TAP devices, with a rate, a delay and a loss, for kernels without netem.
//
// usage: netlab-switch --socket PATH [--rate BITS/S] [--delay NS] [--loss IN-10^9] [--seed N] [--plain] [--share] PID…
//        netlab-switch --control PATH ORDER…
// Each PID stands for a host: in its network namespace a device eth0 is made, with the address 02:66:6c:00:00:NUMBER.
// --plain takes packets one by one, not segments of up to 64 KiB; --share does not ask for precedence on the processor.
//
// One thread does all: a frame costs a read and a write, and a thread more would cost a wake-up. A host's cable has a clock for
// each direction: a frame takes it from when it is free until its last bit has gone. The switch passes a segment on from its
// first packet on; a host sees it when its last bit is there and the delay is over.
#define _GNU_SOURCE
#include "switch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    HEADER = sizeof(struct virtio_net_hdr),
    LARGEST = HEADER + 65600,
    BATCH = 32,          // frames of a port in one go, so that none starves the others
    BETWEEN = 8 + 12 + 4 // preamble, gap and check sum, which a wire carries besides a packet
};
// How far a host may send ahead of its cable: what does not fit waits in the host, as it would before a busy card.
static const int64_t AHEAD = 100000;
// A sleeping thread comes back some ten microseconds late, so the last ones are spent looking at the clock.
static const int64_t LOOKING = 20000;
// A switch's memory for each port.
static const int64_t ROOM = 8 << 20;

struct frame {
    struct frame *next;
    int64_t due;
    ssize_t length; // with the header
    struct traffic wire;
    unsigned char bytes[LARGEST];
};

static struct network network;
static struct frame *spare;
static uint64_t chance = 88172645463325252ull;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static struct frame *take_frame(void) {
    struct frame *frame = spare;
    if (frame) spare = frame->next;
    else if (!(frame = malloc(sizeof *frame))) abort();
    return frame;
}

static void give_back(struct frame *frame) {
    frame->next = spare;
    spare = frame;
}

static bool is_lost(void) {
    chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
    return network.loss && (chance >> 11) % 1000000000ull < network.loss;
}

// A frame's bits on a wire, where a segment is cut into packets with a header each.
static struct traffic on_the_wire(const struct frame *frame) {
    struct virtio_net_hdr header;
    memcpy(&header, frame->bytes, sizeof header);
    const unsigned char *packet = frame->bytes + HEADER;
    const int64_t length = frame->length - HEADER, least = 60;
    if (header.gso_type == VIRTIO_NET_HDR_GSO_NONE || !header.gso_size) {
        return (struct traffic){1, 1, (uint64_t)((length < least ? least : length) + BETWEEN)};
    }
    // Nothing but TCP is asked for in segments; its header says how long it is.
    int64_t headers = header.csum_start + 20;
    if (headers < length) headers = header.csum_start + (packet[header.csum_start + 12] >> 4) * 4;
    const int64_t payload = length > headers ? length - headers : 1;
    const uint64_t packets = (uint64_t)((payload + header.gso_size - 1) / header.gso_size);
    return (struct traffic){1, packets, (uint64_t)payload + packets * (uint64_t)(headers + BETWEEN)};
}

static void count(struct traffic *sum, const struct traffic *more) {
    sum->frames += more->frames, sum->packets += more->packets, sum->bytes += more->bytes;
}

static void hand_over(struct port *to, struct frame *frame) {
    if (!to->is_cut && write(to->device, frame->bytes, (size_t)frame->length) == frame->length) {
        count(&to->received, &frame->wire);
    } else {
        to->lost++;
    }
    give_back(frame);
}

// Nanoseconds that bytes take on a cable.
static int64_t duration(uint64_t bytes) {
    return network.bits_per_nanosecond > 0 ? (int64_t)((double)(bytes * 8) / network.bits_per_nanosecond) : 0;
}

static void deliver_to(struct port *to, struct frame *frame, int64_t first_bit, int64_t last_bit, int64_t packet) {
    if (to->is_cut || is_lost()) {
        to->lost++;
        return give_back(frame);
    }
    if (to->queued + frame->length > ROOM) {
        to->crowded_out++;
        return give_back(frame);
    }
    const int64_t start = first_bit > to->down_busy ? first_bit : to->down_busy;
    const int64_t end = start + duration(frame->wire.bytes);
    to->down_busy = end > last_bit + packet ? end : last_bit + packet;
    frame->due = to->down_busy + network.delay;
    if (!to->first && network.bits_per_nanosecond <= 0 && !network.delay) return hand_over(to, frame);
    frame->next = NULL;
    if (!to->first) to->last = &to->first;
    *to->last = frame;
    to->last = &frame->next;
    to->queued += frame->length;
}

static struct port *port_of(const unsigned char *address) {
    static const unsigned char prefix[] = {2, 'f', 'l', 0, 0};
    const int number = address[5];
    return !memcmp(address, prefix, sizeof prefix) && number >= 1 && number <= network.count ? &network.ports[number - 1] : NULL;
}

static void forward(struct port *from, struct frame *frame, int64_t t) {
    frame->wire = on_the_wire(frame);
    if (from->is_cut) {
        from->lost++;
        return give_back(frame);
    }
    count(&from->sent, &frame->wire);
    const int64_t start = t > from->up_busy ? t : from->up_busy, packet = duration(frame->wire.bytes / frame->wire.packets);
    from->up_busy = start + duration(frame->wire.bytes);
    struct port *to = port_of(frame->bytes + HEADER);
    if (to) return deliver_to(to, frame, start + packet, from->up_busy, packet);
    for (int i = 0; i < network.count; i++) {
        if (&network.ports[i] == from) continue;
        struct frame *copy = take_frame();
        copy->length = frame->length, copy->wire = frame->wire;
        memcpy(copy->bytes, frame->bytes, (size_t)frame->length);
        deliver_to(&network.ports[i], copy, start + packet, from->up_busy, packet);
    }
    give_back(frame);
}

// Takes what a host has sent, as far as its cable is free; says when it is worth to look again, 0 if at once.
static int64_t collect(struct port *from) {
    for (int i = 0; i < BATCH && from->is_readable; i++) {
        const int64_t t = now();
        if (from->up_busy - AHEAD > t) return from->up_busy - AHEAD;
        struct frame *frame = take_frame();
        frame->length = read(from->device, frame->bytes, LARGEST);
        if (frame->length > HEADER + 14) {
            forward(from, frame, t);
        } else {
            from->is_readable = false;
            give_back(frame);
        }
    }
    return from->is_readable ? 0 : INT64_MAX;
}

static void run(int events, int listening) {
    for (;;) {
        int64_t next = INT64_MAX;
        for (int i = 0; i < network.count; i++) {
            if (!network.ports[i].is_readable) continue;
            const int64_t again = collect(&network.ports[i]);
            if (again < next) next = again;
        }
        for (int i = 0; i < network.count; i++) {
            struct port *to = &network.ports[i];
            for (struct frame *frame; (frame = to->first) && frame->due <= now();) {
                to->first = frame->next;
                to->queued -= frame->length;
                hand_over(to, frame);
            }
            if (to->first && to->first->due < next) next = to->first->due;
        }
        struct timespec wait = {0, 0};
        if (next != INT64_MAX) {
            const int64_t left = next - now() - LOOKING;
            if (left > 0) wait = (struct timespec){left / 1000000000, left % 1000000000};
        }
        struct epoll_event found[MOST_PORTS + 1];
        const int n = epoll_pwait2(events, found, MOST_PORTS + 1, next == INT64_MAX ? NULL : &wait, NULL);
        for (int i = 0; i < n; i++) {
            if (found[i].data.ptr) ((struct port *)found[i].data.ptr)->is_readable = true;
            else control_serve(listening, &network);
        }
    }
}

static void must(bool done, const char *what) {
    if (done) return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

// A device eth0 in the network of a process.
static int make_device(const char *pid, int number, bool is_plain) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/ns/net", pid);
    const int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), its = open(path, O_RDONLY | O_CLOEXEC);
    must(own >= 0 && its >= 0 && !setns(its, CLONE_NEWNET), path);
    const int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), any = socket(AF_INET, SOCK_DGRAM, 0);
    must(device >= 0 && any >= 0, "/dev/net/tun");
    struct ifreq request = {.ifr_name = "eth0", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    must(!ioctl(device, TUNSETIFF, &request), "TUNSETIFF");
    int size = HEADER;
    must(!ioctl(device, TUNSETVNETHDRSZ, &size), "TUNSETVNETHDRSZ");
    // The kernel of this machine is on both ends: it need neither cut segments nor sum them up. Lost is a packet, not a segment.
    const unsigned offloads = is_plain ? 0 : TUN_F_CSUM | (network.loss ? 0 : TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN);
    must(!ioctl(device, TUNSETOFFLOAD, offloads), "TUNSETOFFLOAD");
    const unsigned char address[] = {2, 'f', 'l', 0, 0, (unsigned char)number};
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(request.ifr_hwaddr.sa_data, address, sizeof address);
    must(!ioctl(any, SIOCSIFHWADDR, &request), "SIOCSIFHWADDR");
    must(!setns(own, CLONE_NEWNET), "setns");
    close(any), close(own), close(its);
    return device;
}

int main(int argc, char **argv) {
    const char *path = NULL;
    bool is_plain = false, shares = false;
    int i = 1;
    // Before everything else on a busy machine: a switch that waits for a processor loses packets that no cable would.
    setpriority(PRIO_PROCESS, 0, -20);
    if (argc > 3 && !strcmp(argv[1], "--control")) return control_send(argv[2], argc - 3, argv + 3);
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--plain")) is_plain = true;
        else if (!strcmp(argv[i], "--share")) shares = true;
        else if (i + 1 == argc) break;
        else if (!strcmp(argv[i], "--lab")) i++; // is only to be seen among the processes
        else if (!strcmp(argv[i], "--socket")) path = argv[++i];
        else if (!strcmp(argv[i], "--rate")) network.bits_per_nanosecond = atof(argv[++i]) * 1e-9;
        else if (!strcmp(argv[i], "--delay")) network.delay = atoll(argv[++i]);
        else if (!strcmp(argv[i], "--loss")) network.loss = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--seed")) chance ^= strtoull(argv[++i], NULL, 10) * 0x9E3779B97F4A7C15ull;
        else break;
    }
    network.count = argc - i;
    if (!path || network.count < 1 || network.count > MOST_PORTS || argv[i][0] == '-') {
        fprintf(stderr, "usage: %s --socket PATH [--rate BITS/S] [--delay NS] [--loss IN-10^9] [--seed N] PID...\n", argv[0]);
        return 2;
    }
    const int events = epoll_create1(EPOLL_CLOEXEC);
    for (int number = 1; number <= network.count; number++, i++) {
        struct port *port = &network.ports[number - 1];
        port->device = make_device(argv[i], number, is_plain);
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = port};
        must(!epoll_ctl(events, EPOLL_CTL_ADD, port->device, &event), "epoll_ctl");
    }
    // A switch is not a program of the hosts: it does not wait for a processor that they keep busy, where that is permitted.
    if (!shares) (void)!sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    const int listening = control_listen(path);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    must(!epoll_ctl(events, EPOLL_CTL_ADD, listening, &event), "epoll_ctl");
    run(events, listening);
}
