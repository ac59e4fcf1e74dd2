#include "tests/curvecp/pair.h"

const struct sd_agent_ops *const pair_ops = &sd_curvecp_agent;

char pair_letter(const uint8_t *data, size_t len)
{
    return len >= CP_MAGIC_LEN ? (char)data[CP_MAGIC_LEN - 1] : 0;
}

struct curvecp *pair_agent(struct pair *p, int seat)
{
    return (struct curvecp *)pair_agent_of(p, seat);
}

struct cp_connection *pair_connection(struct pair *p, int seat)
{
    return sd_index_any(&pair_agent(p, seat)->by_sid);
}
