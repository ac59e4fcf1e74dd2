/* wire.h - TCP-ENO (RFC 8547) and tcpcrypt (RFC 8548) on one page: constants and layouts.
 * Numbers travel big endian; sections are those of RFC 8548 unless RFC 8547 is named. */
#ifndef TC_WIRE_H
#define TC_WIRE_H

#include "sim/core/base.h"

/* RFC 8547 4.1: the option in SYN and SYN-ACK holds suboptions; in the ACK its presence counts.
 *
 *   Kind=69 | Len | suboption | suboption | ...           every suboption: v(1) glt(7)
 *
 *   v=0, glt 00-1f   the global suboption: 0 0 0 z z z a b         (4.2)
 *   v=1, glt 00-1f   length byte: the next suboption has glt + 1 bytes of data (4.4)
 *   v=0, glt 20-7f   a TEP
 *   v=1, glt 20-7f   a TEP and its data, to the option's end unless a length byte came before */
#define TC_ENO_KIND    69
#define TC_ENO_V       0x80u
#define TC_ENO_GLT     0x7fu
#define TC_ENO_PASSIVE 0x01u /* b: its sender is host B */
#define TC_ENO_AWARE   0x02u /* a: its sender's application knows of ENO */
#define TC_OPTION_ROOM 40u   /* all options of a segment (RFC 9293 3.1) */
#define TC_ENO_TEP_MIN 0x20u
#define TC_ENO_HEADER  2u

/* 7, table 4: a TEP names a key agreement. */
enum tc_tep { TC_TEP_P256 = 0x21, TC_TEP_P521, TC_TEP_X25519, TC_TEP_X448 };

/* 7, table 5. */
enum tc_cipher { TC_AES_128_GCM = 0x0001, TC_AES_256_GCM = 0x0002, TC_CHACHA20_POLY1305 = 0x0010 };

/* 3.5: the suboption's data when a host wants to resume: half of resume[i], then a nonce.
 *
 *   TEP, v=1 | resume[i]{0..8} by who was A, {9..17} by who was B | nonce, 0 to 8 bytes */
#define TC_RESUME_LEN   18u
#define TC_RESUME_HALF  9u
#define TC_RESUME_NONCE 8u /* at most, and by default */

/* 4.3 */
enum tc_constant {
    TC_CONST_NEXTK = 0x01,
    TC_CONST_SESSID,
    TC_CONST_REKEY,
    TC_CONST_KEY_A,
    TC_CONST_KEY_B,
    TC_CONST_RESUME,
};
#define TC_INIT1_MAGIC 0x15101a0eu
#define TC_INIT2_MAGIC 0x097105e0u

/* 5: of all TEPs */
#define TC_NONCE_LEN 32u /* N_A_LEN, N_B_LEN */
#define TC_KEY_LEN   32u /* K_LEN */
#define TC_PUB_MAX   69u /* P-521's: its own length (2), then a compressed point */

/* 4.1: the first bytes of host A's stream and of host B's.  message_len counts all of it;
 * what follows Pub is ignored.
 *
 *   Init1:  INIT1_MAGIC(4) message_len(4) nciphers(1) sym_cipher(2 each) N_A(32) Pub_A
 *   Init2:  INIT2_MAGIC(4) message_len(4) sym_cipher(2)                  N_B(32) Pub_B */
#define TC_INIT_HEADER 8u

/* 4.2: everything else.
 *
 *   control(1): cres(7) rekey(1) | clen(2) | ciphertext of
 *       flags(1): fres(6) URGp FINp | urgent(2), if URGp | data
 *
 * Associated data: control and clen.  Nonce: NR xor the frame's place in its TCP stream. */
#define TC_FRAME_HEADER   3u
#define TC_TAG_LEN        16u
#define TC_AEAD_NONCE     12u /* ae_nonce_len, of all ciphers */
#define TC_CONTROL_REKEY  0x01u
#define TC_FLAG_FIN       0x01u
#define TC_FLAG_URG       0x02u
#define TC_FRAME_OVERHEAD (TC_FRAME_HEADER + 1u + TC_TAG_LEN) /* 20 */
#define TC_CLEN_MIN       (1u + TC_TAG_LEN)
#define TC_SESSION_ID_LEN (1u + TC_KEY_LEN)

/* What the RFCs leave to implementations. */
#define TC_PORT         4548u  /* tcpcrypt has no port: it is below the application's */
#define TC_CHUNK        16384u /* of application data in a frame */
#define TC_WRITE_MAX    65536u /* taken from the application at once */
#define TC_INIT_MAX     16384u /* the longest Init message that is received */
#define TC_REKEY_FRAMES (UINT64_C(1) << 24) /* under one key, then the next generation */
#define TC_OPENINGS_MAX 4096u               /* connections under way that may use the option */
#define TC_CACHE_MAX    1024u               /* session secrets to resume with */
/* TCP gives up a SYN after 127 s and a SYN-ACK after 63 s, and tells nobody here. */
#define TC_ACTIVE_TIME  (128 * SD_SECOND)
#define TC_PASSIVE_TIME (64 * SD_SECOND)

#endif
