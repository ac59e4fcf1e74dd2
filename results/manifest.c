#include "results/manifest.h"
#include "results/files.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_scenario(json_t *scenarios, const struct sd_store_part *part, struct sd_error *error)
{
    json_error_t why;
    json_t *scenario = json_loads(part->json, 0, &why);
    if (!json_is_object(scenario)) {
        json_decref(scenario);
        return sd_fail(error, SD_E_INTERNAL, "%s: expected its description as JSON, found: %s",
                       part->scenario, why.text);
    }
    if (json_object_set_new(scenario, "sha256", json_string(part->sha256)) < 0 ||
        json_array_append_new(scenarios, scenario) < 0)
        return sd_fail(error, SD_E_NOMEM, "out of memory for %s", part->scenario);
    return SD_OK;
}

static json_t *names_and_versions(const struct sd_store_version *version, size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, version[i].name, json_string(version[i].version));
    return object;
}

/* 64 bits do not fit a JSON integer of every reader, so the seed is a string. */
json_t *sd_manifest_make(const struct sd_store_config *config, struct sd_error *error)
{
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, config->base_seed);
    json_t *versions = names_and_versions(config->version, config->versions);
    json_t *costs = names_and_versions(config->cost, config->costs), *scenarios = json_array();
    json_t *manifest = json_pack("{si ss ss ss* so so so}", "shakedown_results", SD_MANIFEST_FORMAT,
                                 "command", config->command ? config->command : "", "base_seed",
                                 seed, "git", config->git && *config->git ? config->git : NULL,
                                 "versions", versions, "costs", costs, "scenarios", scenarios);
    if (!manifest) {
        sd_fail(error, SD_E_NOMEM, "out of memory for the manifest");
        return NULL;
    }
    for (size_t i = 0; i < config->parts; i++)
        if (add_scenario(scenarios, &config->part[i], error) < 0) {
            json_decref(manifest);
            return NULL;
        }
    return manifest;
}

int sd_manifest_write(const json_t *manifest, const char *dir, struct sd_error *error)
{
    char *text = json_dumps(manifest, JSON_INDENT(2));
    if (!text)
        return sd_fail(error, SD_E_NOMEM, "out of memory for %s/manifest.json", dir);
    size_t len = strlen(text);
    text[len] = '\n'; /* in place of the '\0': it is written with its length */
    int rc = sd_file_write(dir, "manifest.json", text, len + 1, error);
    free(text);
    return rc;
}

int sd_manifest_load(json_t **manifest, const char *dir, struct sd_error *error)
{
    char *text;
    size_t len;
    *manifest = NULL;
    int rc = sd_file_read(&text, &len, dir, "manifest.json",
                          "expected a folder that `shakedown run` wrote", error);
    if (rc < 0)
        return rc;
    json_error_t why;
    json_t *loaded = json_loadb(text, len, 0, &why);
    free(text);
    if (!loaded)
        return sd_fail(error, SD_E_IO, "%s/manifest.json:%d: expected JSON, found: %s", dir,
                       why.line, why.text);
    json_int_t format = json_integer_value(json_object_get(loaded, "shakedown_results"));
    if (format != SD_MANIFEST_FORMAT || !json_is_array(json_object_get(loaded, "scenarios"))) {
        json_decref(loaded);
        return sd_fail(error, SD_E_IO,
                       "%s/manifest.json: expected \"shakedown_results\": %d and \"scenarios\", "
                       "found %s",
                       dir, SD_MANIFEST_FORMAT,
                       format > SD_MANIFEST_FORMAT ? "a newer format" : "something else");
    }
    *manifest = loaded;
    return SD_OK;
}

static int differs(const char *dir, const char *what, const json_t *now, const json_t *then,
                   struct sd_error *error)
{
    char *expected = now ? json_dumps(now, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    char *found = then ? json_dumps(then, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    sd_fail(error, SD_E_USAGE,
            "--resume: %s is from other runs: expected %s %.80s, found %.80s; give the same "
            "command again, or another --out",
            dir, what, expected ? expected : "none", found ? found : "none");
    free(expected);
    free(found);
    return SD_E_USAGE;
}

int sd_manifest_same(const json_t *now, const json_t *then, const char *dir, struct sd_error *error)
{
    static const char *const keys[] = {"base_seed", "git", "versions"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *a = json_object_get(now, keys[i]), *b = json_object_get(then, keys[i]);
        if ((a || b) && !json_equal(a, b))
            return differs(dir, keys[i], a, b, error);
    }
    /* A table more is no other table. */
    const char *table;
    json_t *version;
    json_object_foreach(json_object_get(now, "costs"), table, version)
    {
        const json_t *was = json_object_get(json_object_get(then, "costs"), table);
        if (was && !json_equal(version, was))
            return differs(dir, table, version, was, error);
    }
    const json_t *a = json_object_get(now, "scenarios"), *b = json_object_get(then, "scenarios");
    for (size_t i = 0; i < json_array_size(a) || i < json_array_size(b); i++) {
        const json_t *x = json_array_get(a, i), *y = json_array_get(b, i);
        const json_t *name = json_object_get(x, "name");
        if (!json_equal(name, json_object_get(y, "name")))
            return differs(dir, "scenario", name, json_object_get(y, "name"), error);
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)x, key, value)
        {
            if (!json_equal(value, json_object_get(y, key))) {
                char what[256];
                snprintf(what, sizeof what, "%.100s's %.100s", json_string_value(name), key);
                return differs(dir, what, value, json_object_get(y, key), error);
            }
        }
    }
    return SD_OK;
}

const json_t *sd_manifest_scenario(const json_t *manifest, const char *name)
{
    size_t index;
    json_t *scenario;
    json_array_foreach(json_object_get(manifest, "scenarios"), index, scenario)
    {
        const char *found = json_string_value(json_object_get(scenario, "name"));
        if (found && !strcmp(found, name))
            return scenario;
    }
    return NULL;
}
