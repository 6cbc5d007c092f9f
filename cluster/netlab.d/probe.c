// netlab-probe: measures between two hosts over TCP, and says what it found in numbers alone.
//
// usage: netlab-probe serve ADDRESS PORT               answers one client, then ends; prints "ready" when it listens
//        netlab-probe rtt HOST PORT BYTES COUNT        messages there and back: median, 99th percentile, least, in microseconds
//        netlab-probe rate HOST PORT SECONDS           one direction: megabits a second, headers not counted
#define _GNU_SOURCE
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 << 10 };
struct order { int64_t bytes, count; }; // count 0: take all that comes

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(int done, const char *what) {
    if (done) return;
    perror(what);
    exit(1);
}

static void move(ssize_t (*call)(int, void *, size_t), int socket, char *bytes, int64_t count) {
    while (count > 0) {
        const ssize_t n = call(socket, bytes, (size_t)count);
        must(n > 0, "the other end");
        bytes += n, count -= n;
    }
}
static ssize_t put(int socket, void *bytes, size_t count) { return send(socket, bytes, count, MSG_NOSIGNAL); }
static ssize_t get(int socket, void *bytes, size_t count) { return recv(socket, bytes, count, 0); }

static struct addrinfo *address_of(const char *host, const char *port) {
    struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_INET};
    const int error = getaddrinfo(host, port, &hints, &found);
    if (error) fprintf(stderr, "%s: %s\n", host, gai_strerror(error)), exit(1);
    return found;
}

static void serve(const char *host, const char *port, char *bytes) {
    const struct addrinfo *address = address_of(host, port);
    const int listening = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    must(!bind(listening, address->ai_addr, address->ai_addrlen) && !listen(listening, 1), port);
    puts("ready"), fflush(stdout);
    const int client = accept(listening, NULL, NULL);
    must(client >= 0, "accept");
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct order order;
    move(get, client, (char *)&order, sizeof order);
    for (int64_t i = 0; i < order.count; i++) {
        move(get, client, bytes, order.bytes);
        move(put, client, bytes, order.bytes);
    }
    int64_t sum = 0;
    for (ssize_t n; !order.count && (n = recv(client, bytes, CHUNK, 0)) > 0;) sum += n;
    if (!order.count) move(put, client, (char *)&sum, sizeof sum);
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc == 4 && !strcmp(argv[1], "serve")) return serve(argv[2], argv[3], malloc(16 << 20)), 0;
    const int is_rtt = argc == 6 && !strcmp(argv[1], "rtt");
    if (!is_rtt && !(argc == 5 && !strcmp(argv[1], "rate"))) {
        fprintf(stderr, "usage: %s serve ADDRESS PORT | rtt HOST PORT BYTES COUNT | rate HOST PORT SECONDS\n", argv[0]);
        return 2;
    }
    const struct addrinfo *address = address_of(argv[2], argv[3]);
    const int server = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    must(!connect(server, address->ai_addr, address->ai_addrlen), "connect");
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct order order = {is_rtt ? atoll(argv[4]) : CHUNK, is_rtt ? atoll(argv[5]) : 0};
    if (is_rtt && (order.bytes < 1 || order.bytes > 16 << 20 || order.count < 1)) return 2;
    char *bytes = calloc(1, 16 << 20);
    move(put, server, (char *)&order, sizeof order);
    if (is_rtt) {
        double *times = calloc((size_t)order.count, sizeof *times);
        for (int64_t i = 0; i < order.count; i++) {
            const double began = now();
            move(put, server, bytes, order.bytes);
            move(get, server, bytes, order.bytes);
            times[i] = (now() - began) * 1e6;
        }
        qsort(times, (size_t)order.count, sizeof *times, ascending);
        printf("%.1f %.1f %.1f\n", times[order.count / 2], times[order.count * 99 / 100], times[0]);
        return 0;
    }
    const double began = now(), seconds = atof(argv[4]);
    while (now() - began < seconds) move(put, server, bytes, CHUNK);
    shutdown(server, SHUT_WR);
    int64_t received;
    move(get, server, (char *)&received, sizeof received);
    printf("%.1f\n", (double)received * 8e-6 / (now() - began));
    return 0;
}
