// A switch in user space, for kernels without netem: what its files share.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { MOST_PORTS = 64 };

/// What one host has sent or received.
struct traffic {
    uint64_t frames;  // as the host's kernel hands them over: up to 64 KiB each
    uint64_t packets; // as a wire would carry them
    uint64_t bytes;   // with Ethernet's preambles, check sums and gaps
};

struct port {
    int device;
    bool is_cut, is_readable;
    int64_t up_busy, down_busy; // until when either direction of its cable is taken, in nanoseconds of the monotonic clock
    struct frame *first, **last;
    int64_t queued; // bytes that wait to be delivered
    struct traffic sent, received;
    uint64_t lost, crowded_out;
};

struct network {
    double bits_per_nanosecond; // of each cable and direction; 0 is no limit
    int64_t delay;              // from host to host, nanoseconds
    uint64_t loss;              // packets in 10^9
    int count;
    struct port ports[MOST_PORTS];
};

/// A socket at `path` on which the switch takes orders.
int control_listen(const char *path);

/// Takes one order from a new connection, and answers with a line.
void control_serve(int listening, struct network *network);

/// What `netlab` calls: sends the words as one order and prints the answer.
int control_send(const char *path, int count, char **words);
