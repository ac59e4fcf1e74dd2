/* ack.c - RFC 9147 7: which records with handshake messages came in. */
#include "protocols/dtls13/dtls.h"

void dtls_ack_note(struct dtls_session *s, uint64_t epoch, uint64_t sequence)
{
    size_t i = s->acks;
    /* In increasing order; those that came last are of more use when there is no room for all. */
    if (i == DTLS_ACKS) {
        for (i = 1; i < DTLS_ACKS; i++)
            s->ack[i - 1] = s->ack[i];
        s->acks = i = DTLS_ACKS - 1;
    }
    while (i > 0 && (s->ack[i - 1].epoch > epoch ||
                     (s->ack[i - 1].epoch == epoch && s->ack[i - 1].sequence > sequence))) {
        s->ack[i] = s->ack[i - 1];
        i--;
    }
    s->ack[i].epoch = epoch;
    s->ack[i].sequence = sequence;
    s->acks++;
}

void dtls_ack_send(struct dtls_session *s)
{
    uint8_t ack[2 + 16 * DTLS_ACKS];
    struct sd_writer w = sd_writer_of(ack, sizeof ack);
    /* Epoch 0 can acknowledge nothing of a higher one: the list is empty, and asks for all. */
    size_t count = s->writing_epoch == 0 ? 0 : s->acks;
    sd_put16(&w, (uint16_t)(16 * count));
    for (size_t i = 0; i < count; i++) {
        sd_put64(&w, s->ack[i].epoch);
        sd_put64(&w, s->ack[i].sequence);
    }
    dtls_send_record(s, &s->path, s->writing_epoch, DTLS13_ACK, ack, sd_written(&w));
    s->ack_now = false;
    s->ack_due = SD_NEVER;
    if (s->phase != DTLS_HANDSHAKE)
        s->acks = 0;
}

int dtls_ack_read(struct dtls_session *s, const struct dtls_record *record)
{
    struct sd_reader r = sd_reader_of(record->data, record->len);
    struct sd_reader numbers = sd_get_sub(&r, sd_get16(&r));
    if (r.bad || sd_left(&numbers) % 16 != 0)
        return dtls_drop(s->agent, SD_DROP_MALFORMED);
    bool empty = sd_left(&numbers) == 0;
    while (sd_left(&numbers) > 0) {
        uint64_t epoch = sd_get64(&numbers), sequence = sd_get64(&numbers);
        /* Anybody may say so in epoch 0; and nobody acknowledges what he cannot open. */
        if (record->epoch > 0 && epoch <= record->epoch)
            dtls_flight_acknowledged(s, epoch, sequence);
    }
    dtls_flight_acknowledged_all(s, empty);
    return SD_OK;
}
