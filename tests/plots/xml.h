/* xml.h - whether a drawing is well-formed XML that refers to nothing outside itself. */
#ifndef SD_TEST_XML_H
#define SD_TEST_XML_H

#include <stdbool.h>
#include <stddef.h>

/* False with a sentence in why. */
bool xml_well_formed(const char *text, char *why, size_t cap);

#endif
