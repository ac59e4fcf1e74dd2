/* nat.c - NAT detection and the paths that follow from it (RFC 7296 2.23). */
#include "protocols/crypto/hash.h"
#include "protocols/ipsec/encap.h"
#include "protocols/ipsec/ike.h"
#include <string.h>

/* SHA-1 of both SPIs, the address and the port. */
static void digest(uint64_t spi_i, uint64_t spi_r, const struct sd_addr *a,
                   uint8_t out[SD_SHA1_LEN])
{
    uint8_t data[2 * IKE_SPI_LEN + 16 + 2];
    struct sd_writer w = sd_writer_of(data, sizeof data);
    sd_put64(&w, spi_i);
    sd_put64(&w, spi_r);
    sd_put(&w, a->ip, a->family == 6 ? 16 : 4);
    sd_put16(&w, a->port);
    sd_sha1(out, data, sd_written(&w));
}

void ike_put_nat_detection(struct ike_sa *sa, const struct sd_path *path, struct ike_writer *w)
{
    uint8_t hash[SD_SHA1_LEN];
    digest(sa->spi_i, sa->spi_r, &path->local, hash);
    if (sa->ipsec->set.encapsulate) /* a source that nobody has: the peer sees a NAT */
        sd_random(sa->ipsec->env, hash, sizeof hash);
    ike_put_notify(w, IKE_N_NAT_DETECTION_SOURCE_IP, hash, sizeof hash);
    digest(sa->spi_i, sa->spi_r, &path->remote, hash);
    ike_put_notify(w, IKE_N_NAT_DETECTION_DESTINATION_IP, hash, sizeof hash);
}

/* Whether notifications of that type are there, and one is of this address. */
static bool mentions(const struct ike_message *m, uint16_t type, const struct sd_addr *a,
                     bool *there)
{
    struct ike_notify n;
    uint8_t hash[SD_SHA1_LEN];
    digest(m->header.spi_i, m->header.spi_r, a, hash);
    for (size_t i = 0; ike_find_notify(&m->chain, type, i, &n); i++) {
        *there = true;
        if (n.len == sizeof hash && memcmp(n.data, hash, sizeof hash) == 0)
            return true;
    }
    return false;
}

struct ike_nat ike_nat_of(const struct ike_sa *sa, const struct ike_message *m)
{
    bool source = false, destination = false;
    bool same_source = mentions(m, IKE_N_NAT_DETECTION_SOURCE_IP, &m->path->remote, &source);
    bool same_destination =
        mentions(m, IKE_N_NAT_DETECTION_DESTINATION_IP, &m->path->local, &destination);
    struct ike_nat nat = {.known = source && destination};
    nat.there = nat.known && !same_source;
    nat.here = nat.known && (!same_destination || sa->ipsec->set.encapsulate);
    return nat;
}

/* ESP goes as it is where nothing is in the way, else in UDP, or where IKE goes in TCP. */
static void plan_esp(struct ike_sa *sa)
{
    sa->esp_path = sa->path;
    if (sa->path.remote.proto == SD_PROTO_TCP)
        return;
    bool in_udp = sa->nat.here || sa->nat.there || sa->esp_in_udp;
    sa->esp_path.local.proto = sa->esp_path.remote.proto = in_udp ? SD_PROTO_UDP : SD_PROTO_ESP;
    if (!in_udp)
        sa->esp_path.local.port = sa->esp_path.remote.port = 0;
    else if (sa->path.remote.port == IKE_PORT) /* IKE itself did not have to leave it */
        sa->esp_path.local.port = sa->esp_path.remote.port = ENCAP_PORT;
}

void ike_esp_into_udp(struct ike_sa *sa)
{
    sa->esp_in_udp = true;
    plan_esp(sa);
}

void ike_use_path(struct ike_sa *sa, const struct sd_path *path)
{
    sa->path = *path;
    plan_esp(sa);
    bool keepalive = sa->nat.here && path->remote.proto == SD_PROTO_UDP;
    sa->keepalive_at = keepalive ? sa->ipsec->now + IKE_KEEPALIVE : SD_NEVER;
}

/* RFC 4555 3.3: whoever can do MOBIKE goes there even without a NAT, as one may come. */
void ike_float(struct ike_sa *sa)
{
    struct sd_path path = sa->path;
    bool wanted = sa->nat.here || sa->nat.there || sa->ipsec->set.mobike;
    if (path.remote.proto == SD_PROTO_UDP && path.remote.port == IKE_PORT && sa->nat.known &&
        wanted) {
        path.remote.port = ENCAP_PORT;
        if (path.local.port == IKE_PORT)
            path.local.port = ENCAP_PORT;
    }
    ike_use_path(sa, &path);
}

static void follow(struct ike_sa *sa, const struct sd_path *path)
{
    bool moved = !sd_addr_equal(&sa->path.remote, &path->remote);
    if (!moved && sa->path.conn == path->conn)
        return;
    ike_use_path(sa, path);
    if (moved && sa->state == IKE_ESTABLISHED)
        ike_event(sa, SD_EV_MIGRATED, "the peer's NAT has a new binding");
}

void ike_came_by(struct ike_sa *sa, const struct sd_path *path)
{
    if (sa->setup && !sa->initiator)
        ike_use_path(sa, path); /* the initiator chooses, until the SA stands */
    else if (sa->setup)
        sa->path.local = path->local; /* as the host knows it */
    else if (path->conn != sa->path.conn || (sa->nat.there && !sa->mobike))
        follow(sa, path);
}

void ike_esp_came_by(struct ike_sa *sa, const struct sd_path *path)
{
    if (path->remote.proto == SD_PROTO_UDP && sa->esp_path.remote.proto == SD_PROTO_ESP)
        ike_esp_into_udp(sa); /* the peer has found that ESP does not pass */
    if ((path->remote.proto == SD_PROTO_UDP && sa->nat.there) || path->conn != sa->path.conn)
        follow(sa, path);
}
