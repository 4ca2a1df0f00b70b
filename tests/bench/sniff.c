/* SPDX-License-Identifier: MIT */
/* Listens in on an interface as a sniffer would: counts the frames that generate.c numbered, and how
 * long each took from its sender to here.
 *
 * usage: sniff INTERFACE MOST_FRAMES TIMES
 * TIMES 1 asks the kernel for time stamps, 0 counts alone. On SIGTERM prints the frames seen, those
 * of them out of order, and the delays of the 50th and 99th percentile and the longest in seconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { STAMP_AT = 48, SNAPLEN = 64, BATCH = 256, RECEIVE_BUFFER = 1 << 30, PAUSE_NS = 1000000 };

struct stamp {
    uint64_t number;
    uint64_t sent_ns;
};

static unsigned char frames[BATCH][SNAPLEN], controls[BATCH][64];
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];
static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static int open_sniffer(const char *name, int with_times)
{
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
    int descriptor = socket(AF_PACKET, SOCK_RAW, 0), buffer = RECEIVE_BUFFER;
    if (descriptor < 0 || setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) < 0)
        err(1, "sniffer");
    if (setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &with_times, sizeof with_times) < 0)
        err(1, "SO_TIMESTAMPNS");
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0)
        err(1, "interface %s", name);
    return descriptor;
}

static uint64_t received_ns(struct msghdr *message)
{
    struct timespec time = {0, 0};
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    if (control && control->cmsg_type == SO_TIMESTAMPNS)
        memcpy(&time, CMSG_DATA(control), sizeof time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static double at(const int64_t *delays, size_t count, double share)
{
    return count ? (double)delays[(size_t)((double)(count - 1) * share)] / 1e9 : 0;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        errx(2, "usage: sniff INTERFACE MOST_FRAMES TIMES");
    int descriptor = open_sniffer(argv[1], atoi(argv[3]));
    size_t most = strtoul(argv[2], NULL, 10), seen = 0, disordered = 0;
    int64_t *delays = calloc(most + BATCH, sizeof *delays);
    uint64_t next = 0;
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL);
    for (;;) {
        int ending = stopped;
        for (int i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){frames[i], SNAPLEN};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1,
                .msg_control = controls[i], .msg_controllen = sizeof controls[i]};
        }
        int count = recvmmsg(descriptor, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count && seen < most; i++) {
            struct stamp stamp;
            memcpy(&stamp, frames[i] + STAMP_AT, sizeof stamp);
            disordered += stamp.number < next;
            next = stamp.number + 1;
            delays[seen++] = (int64_t)(received_ns(&messages[i].msg_hdr) - stamp.sent_ns);
        }
        if (count <= 0 && ending)
            break;
        if (count < BATCH) /* rather than to be woken for each frame, in the time of who sent it */
            nanosleep(&(struct timespec){0, PAUSE_NS}, NULL);
    }
    qsort(delays, seen, sizeof *delays, by_size);
    printf("%zu %zu %.9f %.9f %.9f\n", seen, disordered, at(delays, seen, 0.5), at(delays, seen, 0.99),
           at(delays, seen, 1));
    return 0;
}
