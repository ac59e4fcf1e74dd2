#include "cmd/workers.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH_MAX 32

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SPACE_IS_SHADOWED 1 /* AddressSanitizer reserves terabytes of it */
#else
#define ADDRESS_SPACE_IS_SHADOWED 0
#endif

struct child {
    pid_t pid; /* 0: none */
    int pipe;
    size_t next, end; /* the job it is at, and where its batch ends */
};

struct crew {
    const struct sd_workers *plan;
    struct child *child;
    size_t next; /* first job that no child has */
    void *result;
    struct sd_error *error;
    sigset_t poll_mask; /* what was blocked before */
};

unsigned sd_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (unsigned)CPU_COUNT(&set);
    return 1;
}

static bool write_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool read_all(int fd, void *data, size_t len)
{
    char *at = data;
    while (len) {
        ssize_t n = read(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* -- in the child -- */

static uint64_t address_space_bytes(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%lu", &pages) != 1)
            pages = 0;
        fclose(f);
    }
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void limit_child(const struct sd_limits *limits)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (limits->memory_bytes && !ADDRESS_SPACE_IS_SHADOWED) {
        struct rlimit memory;
        getrlimit(RLIMIT_AS, &memory);
        memory.rlim_cur = address_space_bytes() + limits->memory_bytes;
        setrlimit(RLIMIT_AS, &memory);
    }
}

/* RLIMIT_CPU counts the whole life of a process: raised before each job. */
static void limit_job(const struct sd_limits *limits)
{
    if (limits->cpu_s) {
        struct rusage used;
        struct rlimit cpu;
        getrusage(RUSAGE_SELF, &used);
        getrlimit(RLIMIT_CPU, &cpu);
        cpu.rlim_cur =
            (rlim_t)used.ru_utime.tv_sec + (rlim_t)used.ru_stime.tv_sec + 1 + (rlim_t)limits->cpu_s;
        setrlimit(RLIMIT_CPU, &cpu);
    }
    alarm(limits->wall_s);
}

/* Each result goes out behind its sd_error, whose code is what work() returned. */
static void work(const struct crew *crew, size_t first, size_t end, int out, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);            /* the parent died before prctl() */
    signal(SIGINT, SIG_IGN); /* the terminal's Ctrl-C is the parent's to answer */
    signal(SIGTERM, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    signal(SIGXCPU, SIG_DFL);
    sigprocmask(SIG_SETMASK, &crew->poll_mask, NULL);
    limit_child(&crew->plan->limits);
    for (size_t job = first; job < end; job++) {
        struct sd_error error = {0};
        memset(crew->result, 0, crew->plan->result_bytes);
        limit_job(&crew->plan->limits);
        error.code = crew->plan->work(crew->plan->ctx, job, crew->result, &error);
        if (!write_all(out, &error, sizeof error) ||
            !write_all(out, crew->result, crew->plan->result_bytes))
            _exit(1);
    }
    fflush(stderr);
    _exit(0);
}

/* -- in the parent -- */

static int start(struct crew *crew, struct child *child, size_t first, size_t end)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return sd_fail(crew->error, SD_E_INTERNAL, "no pipe for a worker: %s", strerror(errno));
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) {
        int why = errno;
        close(ends[0]);
        close(ends[1]);
        return sd_fail(crew->error, SD_E_INTERNAL, "cannot fork a worker: %s; try a smaller -j",
                       strerror(why));
    }
    if (pid == 0)
        work(crew, first, end, ends[1], parent);
    close(ends[1]);
    *child = (struct child){.pid = pid, .pipe = ends[0], .next = first, .end = end};
    return SD_OK;
}

/* Large batches spare forks; small ones at the end keep every processor busy. */
static size_t batch(const struct crew *crew)
{
    size_t most = crew->plan->batch_max ? crew->plan->batch_max : BATCH_MAX;
    size_t fair = (crew->plan->jobs - crew->next) / (4 * (size_t)crew->plan->workers);
    if (fair > most)
        fair = most;
    return fair ? fair : 1;
}

static int refill(struct crew *crew)
{
    for (unsigned i = 0; i < crew->plan->workers && crew->next < crew->plan->jobs; i++) {
        if (crew->child[i].pid)
            continue;
        size_t end = crew->next + batch(crew);
        int rc = start(crew, &crew->child[i], crew->next, end);
        if (rc < 0)
            return rc;
        crew->next = end;
    }
    return SD_OK;
}

static enum sd_job_end cause_of_death(const struct crew *crew, int status,
                                      const struct rusage *used, struct sd_error *why)
{
    const struct sd_limits *limits = &crew->plan->limits;
    int signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    uint64_t peak = (uint64_t)used->ru_maxrss * 1024;
    if (signal_number == SIGXCPU) {
        sd_fail(why, SD_E_INTERNAL, "took more than %u s of processor time", limits->cpu_s);
        return SD_JOB_LIMIT;
    }
    if (signal_number == SIGALRM) {
        sd_fail(why, SD_E_INTERNAL, "took more than %u s", limits->wall_s);
        return SD_JOB_LIMIT;
    }
    if (limits->memory_bytes && peak > limits->memory_bytes / 10 * 9) {
        sd_fail(why, SD_E_NOMEM, "took more than %llu MiB of memory",
                (unsigned long long)(limits->memory_bytes >> 20));
        return SD_JOB_LIMIT;
    }
    if (signal_number)
        sd_fail(why, SD_E_INTERNAL, "crashed: signal %d (%s)", signal_number,
                strsignal(signal_number));
    else
        sd_fail(why, SD_E_INTERNAL, "ended its process with status %d", WEXITSTATUS(status));
    return SD_JOB_DIED;
}

static int reap(struct child *child, struct rusage *used)
{
    int status = 0;
    close(child->pipe);
    while (wait4(child->pid, &status, 0, used) < 0 && errno == EINTR)
        ;
    child->pid = 0;
    return status;
}

/* One report from a child, or its death. */
static int listen_to(struct crew *crew, struct child *child)
{
    const struct sd_workers *plan = crew->plan;
    struct sd_error error;
    if (child->next < child->end && read_all(child->pipe, &error, sizeof error) &&
        read_all(child->pipe, crew->result, plan->result_bytes))
        return plan->done(plan->ctx, child->next++, SD_JOB_DONE, crew->result, &error);

    struct rusage used;
    int status = reap(child, &used);
    if (child->next == child->end)
        return SD_OK;
    struct sd_error why;
    enum sd_job_end end = cause_of_death(crew, status, &used, &why);
    int rc = plan->done(plan->ctx, child->next++, end, NULL, &why);
    if (rc >= 0 && child->next < child->end)
        rc = start(crew, child, child->next, child->end);
    return rc;
}

static void dismiss(struct crew *crew)
{
    for (unsigned i = 0; i < crew->plan->workers; i++)
        if (crew->child[i].pid)
            kill(crew->child[i].pid, SIGKILL);
    for (unsigned i = 0; i < crew->plan->workers; i++)
        if (crew->child[i].pid) {
            struct rusage used;
            reap(&crew->child[i], &used);
        }
}

static int supervise(struct crew *crew, struct pollfd *watched, unsigned *watched_child)
{
    for (;;) {
        if (*crew->plan->stop)
            return SD_WORKERS_STOPPED;
        int rc = refill(crew);
        if (rc < 0)
            return rc;
        nfds_t count = 0;
        for (unsigned i = 0; i < crew->plan->workers; i++)
            if (crew->child[i].pid) {
                watched_child[count] = i;
                watched[count++] = (struct pollfd){.fd = crew->child[i].pipe, .events = POLLIN};
            }
        if (count == 0)
            return SD_OK;
        if (ppoll(watched, count, NULL, &crew->poll_mask) < 0) {
            if (errno == EINTR)
                continue;
            return sd_fail(crew->error, SD_E_INTERNAL, "cannot wait for workers: %s",
                           strerror(errno));
        }
        for (nfds_t i = 0; i < count; i++)
            if (watched[i].revents) {
                rc = listen_to(crew, &crew->child[watched_child[i]]);
                if (rc < 0)
                    return rc;
            }
    }
}

int sd_workers_run(const struct sd_workers *plan, struct sd_error *error)
{
    static const volatile sig_atomic_t never;
    struct sd_workers settled = *plan;
    if (!settled.workers)
        settled.workers = 1;
    if (!settled.stop)
        settled.stop = &never;
    struct crew crew = {.plan = &settled, .error = error};
    crew.child = calloc(settled.workers, sizeof *crew.child);
    crew.result = calloc(1, settled.result_bytes);
    struct pollfd *watched = calloc(settled.workers, sizeof *watched);
    unsigned *watched_child = calloc(settled.workers, sizeof *watched_child);

    int rc = SD_E_NOMEM;
    if (crew.child && crew.result && watched && watched_child) {
        /* Blocked except inside ppoll(), so that no signal falls between check and wait. */
        sigset_t block;
        sigemptyset(&block);
        sigaddset(&block, SIGINT);
        sigaddset(&block, SIGTERM);
        sigaddset(&block, SIGHUP);
        sigprocmask(SIG_BLOCK, &block, &crew.poll_mask);
        rc = supervise(&crew, watched, watched_child);
        dismiss(&crew);
        sigprocmask(SIG_SETMASK, &crew.poll_mask, NULL);
    } else {
        sd_fail(error, rc, "out of memory for %u workers", settled.workers);
    }
    free(watched_child);
    free(watched);
    free(crew.result);
    free(crew.child);
    return rc;
}
