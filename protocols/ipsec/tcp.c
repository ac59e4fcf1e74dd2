/* tcp.c - what IKE does when there is, or is no longer, a TCP connection to a peer (RFC 9329 4 to
 * 6). */
#include "protocols/ipsec/ike.h"
#include "protocols/ipsec/informational.h"
#include "protocols/ipsec/stream.h"

static bool same_host(const struct ike_sa *sa, const struct sd_path *path)
{
    return sd_addr_ipv4(&sa->path.remote) == sd_addr_ipv4(&path->remote);
}

void ike_stream_up(struct ipsec *ipsec, const struct sd_path *path)
{
    for (struct ike_sa *sa = ipsec->newest; sa; sa = sa->older) {
        bool waits = (sa->state == IKE_EXPECT_INIT_RESPONSE && !sa->setup->heard) ||
                     (sa->path.remote.proto == SD_PROTO_TCP && !sa->path.conn);
        if (!sa->initiator_at_first || !waits || !same_host(sa, path))
            continue;
        ike_use_path(sa, path);
        ike_ask_again(sa);
        if (sa->state == IKE_ESTABLISHED) { /* 6.1: the peer learns where the SA is now */
            ike_ask_liveness(sa);
            ike_go(sa);
        }
    }
}

void ike_stream_down(struct ipsec *ipsec, const struct sd_path *path)
{
    for (struct ike_sa *sa = ipsec->newest; sa; sa = sa->older) {
        if (sa->path.remote.proto != SD_PROTO_TCP || sa->path.conn != path->conn ||
            !same_host(sa, path))
            continue;
        sa->path.conn = sa->esp_path.conn = 0;
        if (sa->initiator_at_first && path->conn) /* 6.1: the originator makes another */
            ipsec_stream_ask(ipsec, &sa->path);
    }
}
