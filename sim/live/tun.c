/* tun.c - a TUN interface, addressed and up, for tunnels that talk to the kernel's own TCP/IP. */
#include "sim/live/loop.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void set_address(struct ifreq *r, uint32_t ip)
{
    struct sockaddr_in s = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip)};
    memcpy(&r->ifr_addr, &s, sizeof s);
}

static int configure(int control, const char *name, uint32_t ip, uint8_t prefix, uint16_t mtu)
{
    struct ifreq r = {0};
    memcpy(r.ifr_name, name, strlen(name) + 1);
    r.ifr_mtu = mtu;
    if (ioctl(control, SIOCSIFMTU, &r) < 0)
        return -1;
    if (ip) {
        set_address(&r, ip);
        if (ioctl(control, SIOCSIFADDR, &r) < 0)
            return -1;
        set_address(&r, prefix ? UINT32_MAX << (32 - prefix) : 0);
        if (ioctl(control, SIOCSIFNETMASK, &r) < 0)
            return -1;
    }
    if (ioctl(control, SIOCGIFFLAGS, &r) < 0)
        return -1;
    r.ifr_flags |= IFF_UP | IFF_RUNNING;
    return ioctl(control, SIOCSIFFLAGS, &r);
}

int live_tun_open(const char *name, uint32_t ip, uint8_t prefix, uint16_t mtu,
                  struct sd_error *error)
{
    struct ifreq r = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    if (!name || !*name || strlen(name) >= sizeof r.ifr_name)
        return sd_fail(error, SD_E_USAGE,
                       "live: expected --tun NAME of 1 to %zu letters, found '%s'",
                       sizeof r.ifr_name - 1, name ? name : "");
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return sd_fail(error, SD_E_IO, "live: /dev/net/tun: %s; a tunnel needs CAP_NET_ADMIN",
                       strerror(errno));
    memcpy(r.ifr_name, name, strlen(name) + 1);
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0 || ioctl(fd, TUNSETIFF, &r) < 0 ||
        configure(control, name, ip, prefix, mtu) < 0) {
        sd_fail(error, SD_E_IO, "live: cannot make interface %s: %s; a tunnel needs CAP_NET_ADMIN",
                name, strerror(errno));
        if (control >= 0)
            close(control);
        close(fd);
        return SD_E_IO;
    }
    close(control);
    return fd;
}
