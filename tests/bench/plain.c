/* SPDX-License-Identifier: MIT */
/* The yardstick: TZSP to an interface the way one writes it in C, recvmmsg in and sendmmsg out.
 *
 * usage: plain PORT INTERFACE BATCH
 * Takes whatever waits (MSG_WAITFORONE), at most BATCH datagrams, and sends their frames at once.
 * Knows the common TZSP header and short frames alone, keeps no counts: less work than a real one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { HEADER = 5, SLOT = 2048, LARGEST_BATCH = 1024, RECEIVE_BUFFER = 64 << 20 };

static const unsigned char ethernet[HEADER] = {1, 0, 0, 1, 1};
static unsigned char slots[LARGEST_BATCH][SLOT];
static struct iovec into[LARGEST_BATCH], from[LARGEST_BATCH];
static struct mmsghdr received[LARGEST_BATCH], frames[LARGEST_BATCH];

static int listen_on(const char *port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(port))};
    int descriptor = socket(AF_INET6, SOCK_DGRAM, 0), buffer = RECEIVE_BUFFER;
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0)
        err(1, "port %s", port);
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) < 0)
        err(1, "SO_RCVBUFFORCE");
    return descriptor;
}

static int open_interface(const char *name)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name)};
    int descriptor = socket(AF_PACKET, SOCK_RAW, 0);
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0)
        err(1, "interface %s", name);
    return descriptor;
}

static unsigned strip(int count)
{
    unsigned wanted = 0;
    for (int i = 0; i < count; i++) {
        if (received[i].msg_len <= HEADER || memcmp(slots[i], ethernet, HEADER) != 0)
            continue;
        from[wanted].iov_base = slots[i] + HEADER;
        from[wanted++].iov_len = received[i].msg_len - HEADER;
    }
    return wanted;
}

static void forward(int out, unsigned count)
{
    for (unsigned done = 0; done < count;) {
        int sent = sendmmsg(out, frames + done, count - done, 0);
        done += sent > 0 ? (unsigned)sent : 1; /* a frame that cannot be sent is given up */
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        errx(2, "usage: plain PORT INTERFACE BATCH");
    int in = listen_on(argv[1]), out = open_interface(argv[2]), batch = atoi(argv[3]);
    for (int i = 0; i < LARGEST_BATCH; i++) {
        into[i] = (struct iovec){slots[i], SLOT};
        received[i].msg_hdr = (struct msghdr){.msg_iov = &into[i], .msg_iovlen = 1};
        frames[i].msg_hdr = (struct msghdr){.msg_iov = &from[i], .msg_iovlen = 1};
    }
    for (;;) {
        int count = recvmmsg(in, received, (unsigned)batch, MSG_WAITFORONE, NULL);
        if (count < 0 && errno != EINTR)
            err(1, "recvmmsg");
        forward(out, strip(count > 0 ? count : 0));
    }
}
