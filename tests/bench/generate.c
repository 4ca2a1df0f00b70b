/* SPDX-License-Identifier: MIT */
/* Plays the router: sends numbered, time-stamped Ethernet frames wrapped in TZSP at a steady pace.
 *
 * usage: generate ADDRESS PORT COUNT RATE FRAME_BYTES
 * RATE is datagrams per second; 0 sends as fast as the machine can. Every datagram leaves when it is
 * due, in one sendmmsg with those that are late. Prints the datagrams sent and the seconds taken.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum { TZSP_HEADER = 5, STAMP_AT = 48, SHORTEST = 64, LONGEST = 9000, BURST = 64 };

struct stamp {
    uint64_t number;
    uint64_t sent_ns; /* CLOCK_REALTIME, the clock of the kernel's receive time stamps */
};

static unsigned char datagrams[BURST][TZSP_HEADER + LONGEST];
static struct iovec parts[BURST];
static struct mmsghdr messages[BURST];

static uint64_t now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void put16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

/* TZSP (type 0, Ethernet, END) around Ethernet, IPv4 and UDP from 192.0.2.10 to 192.0.2.20. */
static void prepare(size_t frame_bytes)
{
    static const unsigned char headers[] = {
        1, 0, 0, 1, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
        0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 10, 192, 0, 2, 20,
        0x30, 0x39, 0x30, 0x3a, 0, 0, 0, 0,
    };
    for (int i = 0; i < BURST; i++) {
        memset(datagrams[i], 0x55, sizeof datagrams[i]);
        memcpy(datagrams[i], headers, sizeof headers);
        put16(datagrams[i] + TZSP_HEADER + 16, (unsigned)frame_bytes - 14);
        put16(datagrams[i] + TZSP_HEADER + 38, (unsigned)frame_bytes - 34);
        parts[i] = (struct iovec){datagrams[i], TZSP_HEADER + frame_bytes};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
}

static void send_burst(int descriptor, uint64_t first, int count)
{
    for (int i = 0; i < count; i++) {
        struct stamp stamp = {first + (uint64_t)i, now(CLOCK_REALTIME)};
        memcpy(datagrams[i] + TZSP_HEADER + STAMP_AT, &stamp, sizeof stamp);
    }
    for (int done = 0; done < count;) {
        int sent = sendmmsg(descriptor, messages + done, (unsigned)(count - done), 0);
        if (sent < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
            err(1, "sendmmsg");
        done += sent < 0 ? 0 : sent;
    }
}

static uint64_t due(uint64_t rate, uint64_t start, uint64_t sent)
{
    if (!rate)
        return BURST;
    uint64_t by_now = (now(CLOCK_MONOTONIC) - start) * rate / 1000000000 + 1;
    return by_now > sent ? by_now - sent : 0;
}

static void sleep_until(uint64_t when)
{
    struct timespec time = {(time_t)(when / 1000000000), (long)(when % 1000000000)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static void play(int descriptor, uint64_t count, uint64_t rate)
{
    uint64_t start = now(CLOCK_MONOTONIC), sent = 0;
    while (sent < count) {
        uint64_t burst = due(rate, start, sent);
        if (burst > count - sent)
            burst = count - sent;
        if (burst > BURST)
            burst = BURST;
        if (burst)
            send_burst(descriptor, sent, (int)burst);
        else
            sleep_until(start + sent * 1000000000 / rate);
        sent += burst;
    }
    printf("%llu %.6f\n", (unsigned long long)sent, (double)(now(CLOCK_MONOTONIC) - start) / 1e9);
}

int main(int argc, char **argv)
{
    if (argc != 6)
        errx(2, "usage: generate ADDRESS PORT COUNT RATE FRAME_BYTES");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
    size_t frame_bytes = (size_t)atol(argv[5]);
    if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
        errx(2, "%s: not an IPv4 address", argv[1]);
    if (frame_bytes < SHORTEST || frame_bytes > LONGEST)
        errx(2, "a frame has %d to %d bytes", SHORTEST, LONGEST);
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&to, sizeof to) < 0)
        err(1, "connect");
    prctl(PR_SET_TIMERSLACK, 1);
    prepare(frame_bytes);
    play(descriptor, strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    return 0;
}
