/* handshake.c - key exchange, in the order of RFC 8548 3.3: Init1, Init2, ES, PRK, session secrets;
 * then 3.5, which does without. */
#include "protocols/tcpcrypt/tcpcrypt.h"
#include "sim/core/reader.h"
#include <string.h>

/* -- Init1 and Init2 -- */

bool tc_handshake_begin(struct tcpcrypt *tc, struct tc_session *s)
{
    struct tc_opening *o = s->opening;
    const struct tc_scheme *scheme = tc_scheme(o->tep);
    size_t pub = scheme->public_len;
    size_t len = TC_INIT_HEADER + 1 + 2u * tc->set.ciphers + TC_NONCE_LEN + pub;
    struct sd_writer w = sd_writer_of(o->init1, sizeof o->init1);
    sd_put32(&w, TC_INIT1_MAGIC);
    sd_put32(&w, (uint32_t)len);
    sd_put8(&w, tc->set.ciphers);
    for (size_t i = 0; i < tc->set.ciphers; i++)
        sd_put16(&w, tc->set.cipher[i]);
    sd_random(tc->env, o->nonce, sizeof o->nonce);
    sd_put(&w, o->nonce, sizeof o->nonce);
    tc_scheme_keygen(scheme, tc->env, o->private_key, sd_put_space(&w, pub));
    o->init1_len = (uint8_t)sd_written(&w);
    uint8_t *unit = sd_outbox_unit(&tc->outbox, &s->path, len);
    if (!unit)
        return false;
    memcpy(unit, o->init1, len);
    s->send.offset = len;
    return true;
}

/* What Init1 and Init2 have in common once it is read. */
struct init {
    const uint8_t *message;
    size_t len;
    const uint8_t *nonce, *public_key;
};

/* What PRK is extracted from: eno_transcript (RFC 8547 4.8) | Init1 | Init2 | ES. */
static int extract(struct tcpcrypt *tc, struct tc_session *s, uint8_t prk[TC_KEY_LEN],
                   const struct init *init1, const struct init *init2, const uint8_t *shared,
                   size_t shared_len)
{
    const struct tc_opening *o = s->opening;
    size_t len = (size_t)o->own_len + o->peer_len + init1->len + init2->len + shared_len;
    uint8_t *input = sd_alloc(tc->env, len);
    if (!input)
        return SD_E_NOMEM;
    struct sd_writer w = sd_writer_of(input, len);
    if (s->host_b)
        sd_put(&w, o->peer, o->peer_len);
    sd_put(&w, o->own, o->own_len);
    if (!s->host_b)
        sd_put(&w, o->peer, o->peer_len);
    sd_put(&w, init1->message, init1->len);
    sd_put(&w, init2->message, init2->len);
    sd_put(&w, shared, shared_len);
    tc_keys_extract(prk, init1->nonce, input, len);
    sd_free(input);
    return SD_OK;
}

/* Keys of either kind of session from ss[i] and sn[i]. */
static void install(struct tc_session *s, const struct tc_secret *secret,
                    const struct tc_session_nonce *nonce)
{
    uint8_t master[TC_KEY_LEN];
    uint8_t tep_byte = (uint8_t)(s->opening->tep | (s->opening->resumed ? TC_ENO_V : 0));
    tc_keys_master(master, secret->secret, nonce);
    tc_keys_session_id(s->session_id, tep_byte, secret->secret, nonce);
    s->cipher = secret->cipher;
    tc_direction_begin(&s->send, s->cipher, master,
                       secret->was_b ? TC_CONST_KEY_B : TC_CONST_KEY_A);
    tc_direction_begin(&s->receive, s->cipher, master,
                       secret->was_b ? TC_CONST_KEY_A : TC_CONST_KEY_B);
    sd_wipe(master, sizeof master);
}

/* ES, PRK = ss[0] and all that follows from it. */
static int derive(struct tcpcrypt *tc, struct tc_session *s, enum tc_cipher cipher,
                  const struct init *init1, const struct init *init2, const uint8_t *private_key,
                  const char **why)
{
    const struct tc_scheme *scheme = tc_scheme(s->opening->tep);
    uint8_t shared[TC_SHARED_MAX];
    struct tc_secret first = {
        .tep = s->opening->tep, .was_b = s->host_b, .cipher = cipher, .peer = s->path.remote};
    int result = SD_DROP_AUTH;
    *why = "the peer's public key is not valid";
    if (tc_scheme_derive(scheme, shared, private_key, (s->host_b ? init1 : init2)->public_key))
        result = extract(tc, s, first.secret, init1, init2, shared, scheme->shared_len);
    if (result == SD_E_NOMEM)
        *why = "no memory for the key schedule";
    if (result == SD_OK) {
        install(s, &first, &(struct tc_session_nonce){0});
        if (s->opening->has_secret) /* it was refused: the peer does not know that lineage */
            tc_cache_forget(&tc->cache, s->opening->secret.lineage);
        if (tc->set.cache)
            s->lineage = tc_cache_add(&tc->cache, tc->env, &first);
    }
    sd_wipe(shared, sizeof shared);
    sd_wipe(&first, sizeof first);
    return result;
}

/* Host B: the first of its ciphers that host A has too; 0: there is none. */
static uint16_t choose_cipher(const struct tcpcrypt *tc, struct sd_reader list)
{
    uint16_t best = 0;
    size_t rank = tc->set.ciphers;
    while (sd_left(&list) >= 2) {
        uint16_t offered = sd_get16(&list);
        for (size_t i = 0; i < rank; i++)
            if (tc->set.cipher[i] == offered) {
                best = offered;
                rank = i;
            }
    }
    return best;
}

static int answer(struct tcpcrypt *tc, struct tc_session *s, const struct init *init1,
                  uint16_t cipher, const char **why)
{
    const struct tc_scheme *scheme = tc_scheme(s->opening->tep);
    uint8_t private_key[TC_PRIVATE_MAX];
    size_t pub = scheme->public_len;
    uint8_t message[TC_INIT_HEADER + 2 + TC_NONCE_LEN + TC_PUB_MAX];
    struct init init2 = {.message = message, .len = TC_INIT_HEADER + 2 + TC_NONCE_LEN + pub};
    struct sd_writer w = sd_writer_of(message, sizeof message);
    sd_put32(&w, TC_INIT2_MAGIC);
    sd_put32(&w, (uint32_t)init2.len);
    sd_put16(&w, cipher);
    sd_random(tc->env, sd_put_space(&w, TC_NONCE_LEN), TC_NONCE_LEN);
    tc_scheme_keygen(scheme, tc->env, private_key, sd_put_space(&w, pub));
    s->send.offset = init2.len;
    int result = derive(tc, s, (enum tc_cipher)cipher, init1, &init2, private_key, why);
    sd_wipe(private_key, sizeof private_key);
    if (result != SD_OK)
        return result;
    uint8_t *unit = sd_outbox_unit(&tc->outbox, &s->path, init2.len);
    *why = "no memory for Init2";
    if (!unit)
        return SD_E_NOMEM;
    memcpy(unit, message, init2.len);
    return SD_OK;
}

static int receive_init1(struct tcpcrypt *tc, struct tc_session *s, struct init *init,
                         struct sd_reader *r, const char **why)
{
    struct sd_reader list = sd_get_sub(r, 2u * sd_get8(r));
    init->nonce = sd_get(r, TC_NONCE_LEN);
    init->public_key = sd_get(r, tc_scheme(s->opening->tep)->public_len);
    *why = "Init1 is too short";
    if (r->bad)
        return SD_DROP_MALFORMED;
    uint16_t cipher = choose_cipher(tc, list);
    *why = "Init1 has no cipher that fits";
    return cipher ? answer(tc, s, init, cipher, why) : SD_DROP_POLICY;
}

static int receive_init2(struct tcpcrypt *tc, struct tc_session *s, struct init *init,
                         struct sd_reader *r, const char **why)
{
    struct tc_opening *o = s->opening;
    struct init init1 = {.message = o->init1, .len = o->init1_len, .nonce = o->nonce};
    uint16_t cipher = sd_get16(r);
    bool offered = false;
    init->nonce = sd_get(r, TC_NONCE_LEN);
    init->public_key = sd_get(r, tc_scheme(o->tep)->public_len);
    *why = "Init2 is too short";
    if (r->bad)
        return SD_DROP_MALFORMED;
    for (size_t i = 0; i < tc->set.ciphers; i++)
        offered |= tc->set.cipher[i] == cipher;
    *why = "Init2 has a cipher that Init1 did not offer";
    return offered ? derive(tc, s, (enum tc_cipher)cipher, &init1, init, o->private_key, why)
                   : SD_DROP_POLICY;
}

int tc_handshake_receive(struct tcpcrypt *tc, struct tc_session *s, const uint8_t *message,
                         size_t len, const char **why)
{
    struct init init = {.message = message, .len = len};
    struct sd_reader r = sd_reader_of(message, len);
    sd_get(&r, TC_INIT_HEADER); /* receive.c has looked at it */
    s->receive.offset = len;
    return s->host_b ? receive_init1(tc, s, &init, &r, why) : receive_init2(tc, s, &init, &r, why);
}

/* -- 3.5 -- */

/* The nonce behind the half of the identifier in a host's suboption for the TEP. */
static void add_nonce(struct tc_session_nonce *nonce, const uint8_t *option, size_t len,
                      uint8_t tep)
{
    struct tc_eno eno;
    const struct tc_suboption *s = tc_eno_parse(&eno, option, len) ? tc_eno_tep(&eno, tep) : NULL;
    if (!s || s->data_len < TC_RESUME_HALF || s->data_len > TC_RESUME_HALF + TC_RESUME_NONCE)
        return;
    memcpy(nonce->bytes + nonce->len, s->data + TC_RESUME_HALF, s->data_len - TC_RESUME_HALF);
    nonce->len += s->data_len - TC_RESUME_HALF;
}

void tc_handshake_resume(struct tcpcrypt *tc, struct tc_session *s)
{
    struct tc_opening *o = s->opening;
    struct tc_session_nonce nonce = {0};
    /* nonce_a comes from who was host A in the first session, whoever that is now. */
    if (o->secret.was_b)
        add_nonce(&nonce, o->peer, o->peer_len, o->tep);
    add_nonce(&nonce, o->own, o->own_len, o->tep);
    if (!o->secret.was_b)
        add_nonce(&nonce, o->peer, o->peer_len, o->tep);
    install(s, &o->secret, &nonce);
    s->lineage = o->secret.lineage;
    if (!tc->set.cache)
        tc_cache_forget(&tc->cache, s->lineage);
}
