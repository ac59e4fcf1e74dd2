#include "tests/cmd/program.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS 32

static pid_t start(const char *in, const char *line, int out, int err)
{
    char text[4096], *word[WORDS + 1] = {0}, *save = NULL;
    snprintf(text, sizeof text, "%s", line);
    size_t count = 0;
    for (char *at = strtok_r(text, " ", &save); at && count < WORDS;
         at = strtok_r(NULL, " ", &save))
        word[count++] = at;
    pid_t pid = fork();
    if (pid == 0) {
        int in_fd = open("/dev/null", O_RDONLY);
        if (chdir(in) < 0 || dup2(in_fd, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
            _exit(126);
        execv(word[0], word);
        _exit(127);
    }
    return pid;
}

static void take(FILE *from, char *text, size_t cap)
{
    rewind(from);
    text[fread(text, 1, cap - 1, from)] = '\0';
    fclose(from);
}

int program_end(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

void program_run(struct program_said *said, const char *in, const char *line)
{
    FILE *out = tmpfile(), *err = tmpfile();
    if (!out || !err)
        abort();
    said->status = program_end(start(in, line, fileno(out), fileno(err)));
    take(out, said->out, sizeof said->out);
    take(err, said->err, sizeof said->err);
}

pid_t program_start(const char *in, const char *line)
{
    int nowhere = open("/dev/null", O_WRONLY);
    pid_t pid = start(in, line, nowhere, nowhere);
    close(nowhere);
    return pid;
}

char *program_file(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    long len = ftell(f);
    rewind(f);
    char *text = calloc(1, (size_t)len + 1);
    if (text && fread(text, 1, (size_t)len, f) != (size_t)len)
        text[0] = '\0';
    fclose(f);
    return text;
}

void program_mktree(char *path, size_t cap)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(path, cap, "%s/shakedown-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(path))
        abort();
}

static int forget(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void program_rmtree(const char *path)
{
    nftw(path, forget, 16, FTW_DEPTH | FTW_PHYS);
}
