// Takes a part of a processor from whoever else runs there, in short turns: a machine that is slower by that part.
//
//   burner PROCESSOR PERCENT
//
// Turns are 200 microseconds, far shorter than a decoder's layer, so that what runs there is slow everywhere and not in
// stretches, as it would be beside another program or under a quota. Needs permission for a real-time priority.
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>

enum { turn = 200000 };  // nanoseconds

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **words) {
    if (count != 3) return fprintf(stderr, "burner: PROCESSOR PERCENT\n"), 2;
    const int processor = atoi(words[1]), percent = atoi(words[2]);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_TIMERSLACK, 1);
    if (sched_setaffinity(0, sizeof set, &set)) return perror("burner: sched_setaffinity"), 1;
    if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 10})) return perror("burner: sched_setscheduler"), 1;
    for (long long begin = now();; begin += turn) {
        while (now() < begin + turn * percent / 100) {
        }
        const long long end = begin + turn;
        struct timespec wake = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
        // Real-time throttling or a stopped machine must not be made up for.
        if (now() > end + turn) begin = now() - turn;
    }
}
