// Orders to the switch: "cut 2", "join 2", "stats". One packet each way on a Unix socket.
#include "switch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER = 32 << 10 };

static struct sockaddr_un address_of(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        fprintf(stderr, "the path of the socket is too long: %s\n", path);
        exit(1);
    }
    strcpy(address.sun_path, path);
    return address;
}

int control_listen(const char *path) {
    // Who sees the file may connect: it gets its name when somebody listens.
    char hidden[200];
    snprintf(hidden, sizeof hidden, "%s.new", path);
    struct sockaddr_un address = address_of(hidden);
    int listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listening < 0 || bind(listening, (struct sockaddr *)&address, sizeof address) || chmod(hidden, 0600) ||
        listen(listening, 16) || rename(hidden, path)) {
        perror(path);
        exit(1);
    }
    return listening;
}

static int print_traffic(char *text, int size, const char *name, const struct traffic *t) {
    return snprintf(
        text, size, "\"%s\":{\"frames\":%llu,\"packets\":%llu,\"bytes\":%llu}", name, (unsigned long long)t->frames,
        (unsigned long long)t->packets, (unsigned long long)t->bytes
    );
}

static void print_stats(char *text, const struct network *network) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    const double seconds = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    int n = snprintf(
        text, ANSWER, "{\"rate\":%.0f,\"delay\":%.9f,\"loss\":%.9f,\"cpu_seconds\":%.6f,\"hosts\":[",
        network->bits_per_nanosecond * 1e9, (double)network->delay * 1e-9, (double)network->loss * 1e-9, seconds
    );
    for (int i = 0; i < network->count; i++) {
        const struct port *port = &network->ports[i];
        n += snprintf(text + n, ANSWER - n, "%s{\"host\":%d,\"cut\":%s,", i ? "," : "", i + 1, port->is_cut ? "true" : "false");
        n += print_traffic(text + n, ANSWER - n, "sent", &port->sent);
        n += snprintf(text + n, ANSWER - n, ",");
        n += print_traffic(text + n, ANSWER - n, "received", &port->received);
        n += snprintf(
            text + n, ANSWER - n, ",\"lost\":%llu,\"crowded_out\":%llu}", (unsigned long long)port->lost,
            (unsigned long long)port->crowded_out
        );
    }
    snprintf(text + n, ANSWER - n, "]}\n");
}

static void obey(const char *order, char *answer, struct network *network) {
    int host;
    strcpy(answer, "ok\n");
    if (!strcmp(order, "stats")) return print_stats(answer, network);
    const bool cuts = sscanf(order, "cut %d", &host) == 1;
    if ((cuts || sscanf(order, "join %d", &host) == 1) && host >= 1 && host <= network->count) {
        network->ports[host - 1].is_cut = cuts;
        return;
    }
    strcpy(answer, "what?\n");
}

void control_serve(int listening, struct network *network) {
    int client = accept(listening, NULL, NULL);
    if (client < 0) return;
    // Only root can connect; should it then say nothing, the network shall not stand still for long.
    struct timeval patience = {0, 100000};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    char order[128] = "";
    static char answer[ANSWER];
    ssize_t length = recv(client, order, sizeof order - 1, 0);
    if (length > 0) {
        obey(order, answer, network);
        (void)!send(client, answer, strlen(answer), MSG_NOSIGNAL);
    }
    close(client);
}

int control_send(const char *path, int count, char **words) {
    char order[128] = "";
    for (int i = 0; i < count; i++) {
        snprintf(order + strlen(order), sizeof order - strlen(order), "%s%s", i ? " " : "", words[i]);
    }
    struct sockaddr_un address = address_of(path);
    int server = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    struct timeval patience = {10, 0};
    setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    static char answer[ANSWER];
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) ||
        send(server, order, strlen(order), MSG_NOSIGNAL) < 0 || recv(server, answer, sizeof answer - 1, 0) <= 0) {
        return 1;
    }
    fputs(answer, stdout);
    return strcmp(answer, "what?\n") ? 0 : 1;
}
