// SPDX-License-Identifier: MIT
//
// peer_net_unix.c - bytes through a pair of AF_UNIX stream sockets between two processes: what the system itself takes.
//
//     peer_net_unix [batch] NAME CORES RUNS | list
//
// A write for each message, or with batch 64 of them at a time, as far as 64 KiB go. The reader takes what there is,
// up to 64 KiB, and does not look at it: there is no message to be found, named, kept or handed to anybody.

#include "peer_net.h"

#define BATCH 64

static size_t at_once = 1; // messages a write
static char bytes[BYTES_MAX];

static void write_all(int fd, const char *from, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, from, size);
        bench_need(n > 0, "write");
        from += n;
        size -= (size_t)n;
    }
}

static void read_all(int fd, uint64_t size)
{
    while (size > 0) {
        ssize_t n = read(fd, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
        bench_need(n > 0, "read");
        size -= (uint64_t)n;
    }
}

// The control sockets are such a pair: it is taken.
static void one_way(const pair *p, size_t size, int64_t count)
{
    double from = net_begin(p);
    if (p->near) {
        read_all(p->control, (uint64_t)count * size);
        net_figure(from, count);
        return;
    }
    size_t piece = at_once * size < sizeof(bytes) ? at_once * size : sizeof(bytes);
    for (uint64_t left = (uint64_t)count * size; left > 0; left -= piece) {
        piece = left < piece ? left : piece;
        write_all(p->control, bytes, piece);
    }
}

static void back(const pair *p, size_t size, int64_t count)
{
    double from = net_begin(p);
    for (int64_t i = 0; i < count; i++) {
        if (p->near)
            write_all(p->control, bytes, size);
        read_all(p->control, size);
        if (!p->near)
            write_all(p->control, bytes, size);
    }
    if (p->near)
        net_figure(from, count);
}

int main(int argc, char **argv)
{
    static const net_bench benches[] = {
        {"net_64", one_way, 64, 2000000}, {"net_1k", one_way, 1024, 500000}, {"net_64k", one_way, 65536, 40000},
        {"net_back", back, 64, 20000},    {NULL, NULL, 0, 0},
    };
    static const net_bench in_batches[] = {
        {"net_64", one_way, 64, 10000000},
        {"net_1k", one_way, 1024, 2000000},
        {NULL, NULL, 0, 0},
    };
    if (argc > 1 && strcmp(argv[1], "batch") == 0) {
        at_once = BATCH;
        return net_main(argc - 1, argv + 1, in_batches);
    }
    return net_main(argc, argv, benches);
}
