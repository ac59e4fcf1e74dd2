#include "cmd/args.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *dashes(const struct sd_flag *flag)
{
    return flag->name[1] ? "--" : "-";
}

static int flag_index(const struct sd_command *command, const char *name, size_t len)
{
    for (int i = 0; command->flags && command->flags[i].name; i++)
        if (strlen(command->flags[i].name) == len && !memcmp(command->flags[i].name, name, len))
            return i;
    return -1;
}

static int unknown_flag(const struct sd_command *command, const char *arg, size_t len,
                        struct sd_error *error)
{
    const char *names[SD_ARGS_FLAGS + 2];
    size_t count = 0;
    for (int i = 0; command->flags && command->flags[i].name; i++)
        names[count++] = command->flags[i].name;
    names[count++] = "help";
    names[count] = NULL;

    char name[64];
    size_t skip = arg[1] == '-' ? 2 : 1;
    snprintf(name, sizeof name, "%.*s", (int)(len - skip), arg + skip);
    const char *nearest = sd_nearest(name, names);
    if (nearest)
        return sd_fail(error, SD_E_USAGE, "%s: no flag %.*s; did you mean %s%s?", command->name,
                       (int)len, arg, nearest[1] ? "--" : "-", nearest);
    return sd_fail(error, SD_E_USAGE, "%s: no flag %.*s; see shakedown %s --help", command->name,
                   (int)len, arg, command->name);
}

static int take_count(const struct sd_command *command, const struct sd_flag *flag,
                      const char *text, uint64_t *count, struct sd_error *error)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = isdigit((unsigned char)*text) ? strtoull(text, &end, 10) : 0;
    if (!end || *end || errno || number < flag->least || number > flag->most) {
        char range[64] = "";
        if (flag->most < UINT64_MAX)
            snprintf(range, sizeof range, " from %llu to %llu", (unsigned long long)flag->least,
                     (unsigned long long)flag->most);
        return sd_fail(error, SD_E_USAGE, "%s: %s%s expects a whole number%s, found '%s'",
                       command->name, dashes(flag), flag->name, range, text);
    }
    *count = number;
    return SD_OK;
}

static int take_value(struct sd_args *args, int index, const char *text, struct sd_error *error)
{
    const struct sd_flag *flag = &args->command->flags[index];
    if (args->value[index].given && flag->kind != SD_FLAG_LIST && flag->kind != SD_FLAG_SWITCH)
        return sd_fail(error, SD_E_USAGE, "%s: %s%s is given twice ('%s' and '%s'); keep one",
                       args->command->name, dashes(flag), flag->name, args->value[index].text,
                       text);
    args->value[index].given = true;
    args->value[index].text = text;
    if (flag->kind == SD_FLAG_COUNT)
        return take_count(args->command, flag, text, &args->value[index].count, error);
    if (flag->kind == SD_FLAG_LIST) {
        if (args->listed == SD_ARGS_WORDS)
            return sd_fail(error, SD_E_USAGE, "%s: more than %d times --%s", args->command->name,
                           SD_ARGS_WORDS, flag->name);
        args->list[args->listed].flag = flag;
        args->list[args->listed++].text = text;
    }
    return SD_OK;
}

/* One flag at argv[i]; returns how many arguments it took, or < 0. */
static int take_flag(struct sd_args *args, int i, int argc, char **argv, struct sd_error *error)
{
    const struct sd_command *command = args->command;
    const char *arg = argv[i], *name = arg + (arg[1] == '-' ? 2 : 1);
    size_t len = arg[1] == '-' ? strcspn(name, "=") : 1;
    const char *attached = NULL;
    if (arg[1] == '-' && name[len] == '=')
        attached = name + len + 1;
    else if (arg[1] != '-' && name[1])
        attached = name + 1;

    int index = flag_index(command, name, len);
    bool is_long = arg[1] == '-';
    if (index < 0 || is_long != (command->flags[index].name[1] != 0))
        return unknown_flag(command, arg, is_long ? len + 2 : strlen(arg), error);

    const struct sd_flag *flag = &command->flags[index];
    if (flag->kind == SD_FLAG_SWITCH) {
        if (attached)
            return sd_fail(error, SD_E_USAGE, "%s: %s%s takes no value, found '%s'", command->name,
                           dashes(flag), flag->name, attached);
        int rc = take_value(args, index, "", error);
        return rc < 0 ? rc : 1;
    }
    if (!attached && (i + 1 == argc || !strncmp(argv[i + 1], "--", 2)))
        return sd_fail(error, SD_E_USAGE, "%s: %s%s expects %s after it, found %s", command->name,
                       dashes(flag), flag->name, flag->value,
                       i + 1 == argc ? "nothing" : argv[i + 1]);
    const char *text = attached ? attached : argv[i + 1];
    if (!*text)
        return sd_fail(error, SD_E_USAGE, "%s: %s%s expects %s after it, found ''", command->name,
                       dashes(flag), flag->name, flag->value);
    int rc = take_value(args, index, text, error);
    if (rc < 0)
        return rc;
    return attached ? 1 : 2;
}

int sd_args_parse(struct sd_args *args, const struct sd_command *command, int argc, char **argv,
                  struct sd_error *error)
{
    memset(args, 0, sizeof *args);
    args->command = command;
    for (size_t i = 0; command->flags && command->flags[i].name; i++)
        if (i == SD_ARGS_FLAGS)
            abort(); /* a table longer than struct sd_args holds */
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            args->help = true;
            return SD_OK;
        }

    bool flags_over = false;
    for (int i = 1; i < argc;) {
        if (!flags_over && !strcmp(argv[i], "--")) {
            flags_over = true;
            i++;
        } else if (!flags_over && argv[i][0] == '-' && argv[i][1]) {
            int taken = take_flag(args, i, argc, argv, error);
            if (taken < 0)
                return taken;
            i += taken;
        } else if (args->words == command->most || args->words == SD_ARGS_WORDS) {
            return sd_fail(error, SD_E_USAGE, "%s: expects %s, found '%s' besides", command->name,
                           command->most ? command->arguments : "no arguments", argv[i]);
        } else if (!*argv[i]) {
            return sd_fail(error, SD_E_USAGE, "%s: expects %s, found '' (an empty word)",
                           command->name, command->arguments);
        } else {
            args->word[args->words++] = argv[i++];
        }
    }
    if (args->words < command->least)
        return sd_fail(error, SD_E_USAGE, "%s: expects %s, found %s; see shakedown %s --help",
                       command->name, command->arguments,
                       args->words ? args->word[args->words - 1] : "nothing", command->name);
    return SD_OK;
}

static int known_index(const struct sd_args *args, const char *flag)
{
    int index = flag_index(args->command, flag, strlen(flag));
    if (index < 0)
        abort(); /* a command asks for a flag that its own table does not have */
    return index;
}

bool sd_args_has(const struct sd_args *args, const char *flag)
{
    return args->value[known_index(args, flag)].given;
}

const char *sd_args_text(const struct sd_args *args, const char *flag, const char *otherwise)
{
    int index = known_index(args, flag);
    return args->value[index].given ? args->value[index].text : otherwise;
}

uint64_t sd_args_count(const struct sd_args *args, const char *flag, uint64_t otherwise)
{
    int index = known_index(args, flag);
    return args->value[index].given ? args->value[index].count : otherwise;
}

void sd_args_help(const struct sd_command *command, FILE *to)
{
    fprintf(to, "%s\n", command->examples);
    fprintf(to, "shakedown %s%s%s%s\n    %s\n", command->name, command->arguments ? " " : "",
            command->arguments ? command->arguments : "",
            command->flags && command->flags[0].name ? " [flags]" : "", command->what);
    if (command->notes)
        fprintf(to, "\n%s", command->notes);
    if (!command->flags || !command->flags[0].name)
        return;
    fprintf(to, "\nflags:\n");
    for (const struct sd_flag *flag = command->flags; flag->name; flag++) {
        char left[48];
        snprintf(left, sizeof left, "%s%s%s%s", dashes(flag), flag->name, flag->value ? " " : "",
                 flag->value ? flag->value : "");
        fprintf(to, "    %-20s  %s\n", left, flag->what);
    }
}

int sd_args_split(char *line, char **word, size_t cap, size_t *count)
{
    *count = 0;
    char *to = line;
    for (char *at = line; *at;) {
        if (*at == ' ') {
            at++;
            continue;
        }
        if (*count == cap)
            return SD_E_ARG;
        word[(*count)++] = to;
        bool quoted = false;
        for (; *at && (quoted || *at != ' '); at++) {
            if (*at == '\'')
                quoted = !quoted;
            else if (!quoted && *at == '\\' && at[1])
                *to++ = *++at;
            else
                *to++ = *at;
        }
        if (quoted)
            return SD_E_ARG;
        if (*at)
            at++;
        *to++ = '\0';
    }
    return SD_OK;
}

bool sd_args_quote(char *line, size_t cap, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_=+,./:%@";
    size_t len = strlen(line);
    bool quote = !*word || word[strspn(word, plain)];
    char separator[] = " ";
    if (len == 0)
        separator[0] = '\0';
    int written;
    if (!quote) {
        written = snprintf(line + len, cap - len, "%s%s", separator, word);
        return written >= 0 && (size_t)written < cap - len;
    }
    written = snprintf(line + len, cap - len, "%s'", separator);
    if (written < 0 || (size_t)written >= cap - len)
        return false;
    len += (size_t)written;
    for (; *word; word++) {
        written = snprintf(line + len, cap - len, *word == '\'' ? "'\\''" : "%c", *word);
        if (written < 0 || (size_t)written >= cap - len)
            return false;
        len += (size_t)written;
    }
    if (cap - len < 2)
        return false;
    line[len] = '\'';
    line[len + 1] = '\0';
    return true;
}
