/* `shakedown list words` names every word of the language, and no other. */
#include "lua/binding.h"
#include "lua/scenario.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <lauxlib.h>

/* Words that stand for something a script meets but does not name. */
static const char *const described[] = {"run",    "run.now", "run.service", "run.carrier", "event",
                                        "result", "within",  "host:runs",   "hosts:one"};

static bool is_listed(const char *word)
{
    for (const struct sd_word *at = sd_words; at->word; at++)
        if (!strcmp(at->word, word))
            return true;
    return false;
}

static void words_and_language_agree(void **state)
{
    (void)state;
    struct sd_script *script = NULL;
    struct sd_error error = {0};
    assert_int_equal(sd_script_create(&script, "words.lua", &error), SD_OK);
    if (sd_binding_open(script, &error) < 0 || sd_script_prelude(script, &error) < 0)
        fail_msg("%s", error.text);
    lua_State *L = sd_script_lua(script);
    sd_script_push(script, "vocabulary");
    if (sd_script_call(script, 0, 1, &error) < 0)
        fail_msg("%s", error.text);
    size_t count = lua_rawlen(L, -1), missing = 0;
    assert_true(count > 100);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i);
        if (!is_listed(lua_tostring(L, -1))) {
            print_message("'%s' is a word of the language that words.c does not list\n",
                          lua_tostring(L, -1));
            missing++;
        }
        lua_pop(L, 1);
    }
    for (const struct sd_word *at = sd_words; at->word; at++) {
        bool known = false;
        for (size_t i = 1; i <= count && !known; i++) {
            lua_rawgeti(L, -1, (lua_Integer)i);
            known = !strcmp(lua_tostring(L, -1), at->word);
            lua_pop(L, 1);
        }
        for (size_t i = 0; i < sizeof described / sizeof *described; i++)
            known |= !strcmp(described[i], at->word);
        if (!known) {
            print_message("words.c lists '%s', which is no word of the language\n", at->word);
            missing++;
        }
        assert_true(strlen(at->what) > 3);
    }
    sd_script_free(script);
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_and_language_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
