/* agent.h - tcpcrypt (RFC 8548) negotiated by TCP-ENO (RFC 8547). */
#ifndef TC_AGENT_H
#define TC_AGENT_H

#include "sim/core/agent.h"

extern const struct sd_agent_ops sd_tcpcrypt_agent;

/* app_in() on this stream sends urgent data: the last byte of each call is marked (URGp, 3.7).
 * SD_EV_DATA has it too; code is then the marked byte's index in the whole stream. */
#define SD_TCPCRYPT_URGENT 1

/* SD_EXPORT by this label gives the session id (3.4), 33 bytes, for the application's own
 * authentication; SD_E_STATE while there is none. */
#define SD_TCPCRYPT_SESSION_ID "session id"

/* SD_CLOSE with this text also forgets the cached secrets that the connection used or made (3.5).
 */
#define SD_TCPCRYPT_FORGET "forget"

#endif
