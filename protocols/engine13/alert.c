/* alert.c - RFC 8446 section 6: names, and what they mean for who counts dropped units. */
#include "protocols/engine13/engine13.h"

const char *sd_e13_alert_name(uint8_t alert)
{
    static const struct {
        uint8_t alert;
        const char *name;
    } names[] = {
        {E13_CLOSE_NOTIFY, "close_notify"},
        {E13_UNEXPECTED_MESSAGE, "unexpected_message"},
        {E13_BAD_RECORD_MAC, "bad_record_mac"},
        {E13_HANDSHAKE_FAILURE, "handshake_failure"},
        {E13_BAD_CERTIFICATE, "bad_certificate"},
        {E13_UNSUPPORTED_CERTIFICATE, "unsupported_certificate"},
        {E13_ILLEGAL_PARAMETER, "illegal_parameter"},
        {E13_DECODE_ERROR, "decode_error"},
        {E13_DECRYPT_ERROR, "decrypt_error"},
        {E13_TOO_MANY_CIDS_REQUESTED, "too_many_cids_requested"},
        {E13_PROTOCOL_VERSION, "protocol_version"},
        {E13_INTERNAL_ERROR, "internal_error"},
        {E13_USER_CANCELED, "user_canceled"},
        {E13_MISSING_EXTENSION, "missing_extension"},
        {E13_UNSUPPORTED_EXTENSION, "unsupported_extension"},
        {E13_UNRECOGNIZED_NAME, "unrecognized_name"},
        {E13_UNKNOWN_PSK_IDENTITY, "unknown_psk_identity"},
        {E13_CERTIFICATE_REQUIRED, "certificate_required"},
        {E13_NO_APPLICATION_PROTOCOL, "no_application_protocol"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].alert == alert)
            return names[i].name;
    return "alert";
}

int sd_e13_drop_reason(uint8_t alert)
{
    switch (alert) {
    case E13_DECODE_ERROR:
    case E13_ILLEGAL_PARAMETER:
    case E13_PROTOCOL_VERSION:
    case E13_MISSING_EXTENSION:
    case E13_UNSUPPORTED_EXTENSION:
        return SD_DROP_MALFORMED;
    case E13_BAD_CERTIFICATE:
    case E13_UNSUPPORTED_CERTIFICATE:
    case E13_DECRYPT_ERROR:
    case E13_CERTIFICATE_REQUIRED:
    case E13_UNKNOWN_PSK_IDENTITY:
        return SD_DROP_AUTH;
    case E13_HANDSHAKE_FAILURE:
    case E13_UNRECOGNIZED_NAME:
    case E13_NO_APPLICATION_PROTOCOL:
        return SD_DROP_POLICY;
    default:
        return SD_DROP_STATE;
    }
}
