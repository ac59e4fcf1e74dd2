/* directory.c - the directory service: ephemeral keys of this server and what it publishes, and
 * the records of others, kept by a client as its cache and by a directory to answer from.
 *
 * Every server is a directory, at least for itself. */
#include "protocols/crypto/dh.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

/* -- records -- */

static uint64_t hash_of(const struct minimalt *mt, const uint8_t server_long[MT_KEY_LEN])
{
    return sd_hash(mt->hash_seed, server_long, MT_KEY_LEN);
}

static struct mt_record *find(const struct minimalt *mt, const uint8_t server_long[MT_KEY_LEN])
{
    uint64_t hash = hash_of(mt, server_long);
    struct mt_record *record;
    for (uint32_t cursor = 0; (record = sd_index_find(&mt->records, hash, &cursor));)
        if (memcmp(record->server_long, server_long, MT_KEY_LEN) == 0)
            return record;
    return NULL;
}

const struct mt_record *mt_directory_find(const struct minimalt *mt,
                                          const uint8_t server_long[MT_KEY_LEN])
{
    if (mt->own && memcmp(mt->own->server_long, server_long, MT_KEY_LEN) == 0)
        return mt->own;
    const struct mt_record *record = find(mt, server_long);
    return record && mt_record_is_valid(mt, record) ? record : NULL;
}

static void forget(struct minimalt *mt, struct mt_record *record)
{
    sd_index_remove(&mt->records, hash_of(mt, record->server_long), record);
    sd_free(record);
}

/* In the place of an older one.  False, and the record is gone: there is no room. */
static bool keep(struct minimalt *mt, struct mt_record *record)
{
    struct mt_record *older = find(mt, record->server_long);
    if (older)
        forget(mt, older);
    bool room = mt->records.used < MT_RECORDS &&
                sd_index_add(&mt->records, mt->env, hash_of(mt, record->server_long), record);
    if (!room)
        sd_free(record);
    return room;
}

/* -- requestCert and giveCert -- */

int mt_directory_asked(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    if (t->initiator || !(mt->role & SD_ROLE_SERVER))
        return SD_DROP_STATE;
    const struct mt_record *record = mt_directory_find(mt, sd_get(arguments, MT_KEY_LEN));
    t->serves_lookups = true;
    if (record)
        mt_control_say(mt, t, MT_CALL_GIVE_CERT, record->bytes, record->len);
    else
        mt_control_say_of(mt, t, MT_CALL_REFUSE, 0);
    return SD_OK;
}

static int published(struct minimalt *mt, struct mt_tunnel *t, struct mt_record *record)
{
    t->serves_lookups = true;
    if (!keep(mt, record)) {
        mt_control_say_of(mt, t, MT_CALL_REFUSE, 0);
        return SD_DROP_FULL;
    }
    mt_control_say(mt, t, MT_CALL_OK, NULL, 0);
    return SD_OK;
}

int mt_directory_given(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    size_t len = sd_left(arguments);
    if (t->initiator && t->purpose != MT_FOR_LOOKUPS)
        return SD_DROP_STATE;
    struct mt_record *record = mt_record_read(mt, sd_get(arguments, len), len);
    if (!record)
        return SD_DROP_AUTH;
    if (!t->initiator)
        return published(mt, t, record);
    mt_lookup_answered(mt, record);
    if (mt->forget_records)
        sd_free(record);
    else
        keep(mt, record);
    return SD_OK;
}

/* -- a server's own record -- */

static void make_ephemeral(struct minimalt *mt)
{
    sd_wipe(&mt->ephemeral[1], sizeof mt->ephemeral[1]);
    mt->ephemeral[1] = mt->ephemeral[0];
    mt->ephemeral[0].live = true;
    mt->ephemeral[0].born = mt->now;
    sd_x25519_keygen(mt->env, mt->ephemeral[0].private_key, mt->ephemeral[0].public_key);
    mt->ephemeral_at = mt->now + MT_EPHEMERAL_EVERY;
}

static void publish(struct minimalt *mt)
{
    const struct sd_peer *to = mt->directory;
    if (!to || !mt->own || memcmp(to->public_key, mt->long_public, MT_KEY_LEN) == 0)
        return;
    struct mt_tunnel *t = mt_tunnel_to(mt, MT_FOR_PUBLISHING, to->public_key);
    const struct sd_path path = {.local = mt->address, .remote = to->endpoint};
    if (!t)
        t = mt_tunnel_open(mt, MT_FOR_PUBLISHING, &path, to->public_key, to->public_key);
    if (!t)
        return;
    mt_control_say(mt, t, MT_CALL_GIVE_CERT, mt->own->bytes, mt->own->len);
    mt_tunnel_pump(mt, t);
}

static void renew(struct minimalt *mt)
{
    make_ephemeral(mt);
    sd_free(mt->own);
    mt->own = mt_record_sign(mt);
    publish(mt);
}

void mt_directory_init(struct minimalt *mt)
{
    mt->ephemeral_at = SD_NEVER;
    if (mt->role & SD_ROLE_SERVER)
        renew(mt);
}

void mt_directory_expire(struct minimalt *mt)
{
    if (mt->ephemeral_at <= mt->now)
        renew(mt);
}

void mt_directory_fini(struct minimalt *mt)
{
    struct mt_record *record;
    for (uint32_t place = 0; (record = sd_index_drain(&mt->records, &place));)
        forget(mt, record);
    sd_free(mt->records.slot);
    sd_free(mt->own);
}
