#include "protocols/srtp/profile.h"

const struct sr_profile sr_profiles[] = {
    {0x0007, "SRTP_AEAD_AES_128_GCM", true, 16, SR_SALT_AEAD, 16, 16},
    {0x0008, "SRTP_AEAD_AES_256_GCM", true, 32, SR_SALT_AEAD, 16, 16},
    {0x0001, "SRTP_AES128_CM_HMAC_SHA1_80", false, 16, SR_SALT_CM, 10, SR_RTCP_CM_TAG},
    {0x0002, "SRTP_AES128_CM_HMAC_SHA1_32", false, 16, SR_SALT_CM, 4, SR_RTCP_CM_TAG},
    {0},
};

const struct sr_profile *sr_profile_of(uint64_t id)
{
    for (const struct sr_profile *p = sr_profiles; p->name; p++)
        if (p->id == id)
            return p;
    return NULL;
}
