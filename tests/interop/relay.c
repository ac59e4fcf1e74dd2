/* relay.c - joins two network namespaces by a TUN interface in each, with delay and seeded loss:
 * the kernel here has no netem.
 *
 *   relay NAMESPACE NAMESPACE DELAY_MS LOSS_PERCENT SEED
 *
 * Makes interface "wire" in both (the caller gives it addresses), prints "up", runs until a signal
 * or the end of standard input, then prints what it carried. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_MAX = 2048, QUEUE = 4096 };

/* The delay is the same for every packet, so a ring in order of arrival is in order of departure.
 */
struct waiting {
    uint64_t due_ns;
    size_t len;
    uint8_t data[PACKET_MAX];
};
struct direction {
    int from, to;
    unsigned head, count;
    uint64_t carried, lost;
    struct waiting ring[QUEUE];
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int wire_in(const char *namespace)
{
    char path[128];
    snprintf(path, sizeof path, "/run/netns/%s", namespace);
    int ns = open(path, O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET) < 0) {
        fprintf(stderr, "relay: namespace %s: %s\n", namespace, strerror(errno));
        exit(2);
    }
    close(ns);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq r = {.ifr_name = "wire", .ifr_flags = IFF_TUN | IFF_NO_PI};
    if (fd < 0 || ioctl(fd, TUNSETIFF, &r) < 0) {
        fprintf(stderr, "relay: TUN in %s: %s\n", namespace, strerror(errno));
        exit(2);
    }
    return fd;
}

static bool lose(uint64_t *state, double chance)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) * 0x1p-53 < chance;
}

static void take(struct direction *d, uint64_t delay_ns, double loss, uint64_t *seed)
{
    uint8_t packet[PACKET_MAX];
    ssize_t n;
    while ((n = read(d->from, packet, sizeof packet)) > 0) {
        if (d->count == QUEUE || lose(seed, loss)) {
            d->lost++;
            continue;
        }
        struct waiting *w = &d->ring[(d->head + d->count++) % QUEUE];
        w->due_ns = now_ns() + delay_ns;
        w->len = (size_t)n;
        memcpy(w->data, packet, (size_t)n);
    }
}

static uint64_t deliver(struct direction *d, uint64_t now)
{
    while (d->count) {
        struct waiting *w = &d->ring[d->head];
        if (w->due_ns > now)
            return w->due_ns;
        if (write(d->to, w->data, w->len) == (ssize_t)w->len)
            d->carried++;
        d->head = (d->head + 1) % QUEUE;
        d->count--;
    }
    return UINT64_MAX;
}

int main(int argc, char **argv)
{
    static struct direction way[2];
    if (argc != 6) {
        fprintf(stderr, "usage: relay NAMESPACE NAMESPACE DELAY_MS LOSS_PERCENT SEED\n");
        return 2;
    }
    uint64_t delay_ns = (uint64_t)(atof(argv[3]) * 1e6);
    double loss = atof(argv[4]) / 100;
    uint64_t seed = strtoull(argv[5], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
    int a = wire_in(argv[1]), b = wire_in(argv[2]);
    way[0].from = way[1].to = a;
    way[0].to = way[1].from = b;
    struct sigaction stop = {.sa_handler = on_signal};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    puts("up");
    fflush(stdout);
    while (!stopped) {
        uint64_t now = now_ns(), next = UINT64_MAX;
        for (int i = 0; i < 2; i++) {
            uint64_t due = deliver(&way[i], now);
            next = due < next ? due : next;
        }
        struct timespec wait = {.tv_nsec = 100000000};
        if (next != UINT64_MAX && next - now < 100000000)
            wait.tv_nsec = (long)(next - now);
        struct pollfd p[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
        if (ppoll(p, 2, &wait, NULL) > 0)
            for (int i = 0; i < 2; i++)
                take(&way[i], delay_ns, loss, &seed);
    }
    printf("carried %llu and %llu, lost %llu and %llu\n", (unsigned long long)way[0].carried,
           (unsigned long long)way[1].carried, (unsigned long long)way[0].lost,
           (unsigned long long)way[1].lost);
    return 0;
}
