// SPDX-License-Identifier: MIT
//
// fiber_context.c - the first frame of a context for the assembly beside this file, and ucontext in its place.

#include "base/fiber_context.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/platform.h"

#if ACTI_FIBER_PORTABLE

// makecontext passes ints.
static void enter(unsigned fn_high, unsigned fn_low, unsigned arg_high, unsigned arg_low)
{
    uint64_t fn_bits = (uint64_t)fn_high << 32 | fn_low;
    uint64_t arg = (uint64_t)arg_high << 32 | arg_low;
    void (*fn)(void *) = (void (*)(void *))(uintptr_t)fn_bits;
    fn((void *)(uintptr_t)arg);
}

void acti_context_make(acti_context *context, char *low, char *top, void (*fn)(void *), void *arg)
{
    uint64_t fn_bits = (uintptr_t)fn;
    uint64_t arg_bits = (uintptr_t)arg;
    acti_assert(getcontext(&context->at) == 0);
    context->at.uc_stack.ss_sp = low;
    context->at.uc_stack.ss_size = (size_t)(top - low);
    context->at.uc_link = NULL;
    makecontext(&context->at, (void (*)(void))(uintptr_t)enter, 4, (unsigned)(fn_bits >> 32), (unsigned)fn_bits,
                (unsigned)(arg_bits >> 32), (unsigned)arg_bits);
}

void acti_context_switch(acti_context *from, const acti_context *to)
{
    acti_assert(swapcontext(&from->at, &to->at) == 0);
}

#else

void
acti_context_enter(void);

// The frames that the assembly takes off. New contexts begin with their maker's floating point control.

#if defined(__x86_64__)

typedef struct frame {
    uint32_t mxcsr;
    uint16_t x87;
    uint16_t unused;
    uint64_t r15, r14, r13, r12, rbx, rbp;
    uint64_t rip;
    uint64_t end; // what jumps to rip leaves the stack pointer here, a multiple of 16
    uint64_t unused_end;
} frame;
static_assert(offsetof(frame, rip) == 56 && offsetof(frame, end) == 64, "as in fiber_x86_64.S");

static void fill(frame *f, void (*fn)(void *), void *arg)
{
    __asm__ volatile("stmxcsr %0" : "=m"(f->mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(f->x87));
    f->r12 = (uintptr_t)fn;
    f->r13 = (uintptr_t)arg;
    f->rip = (uintptr_t)acti_context_enter;
}

#elif defined(__aarch64__)

typedef struct frame {
    uint64_t x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29, x30;
    uint64_t d8_to_d15[8];
    uint64_t fpcr;
    uint64_t unused;
    uint64_t end[2];
} frame;
static_assert(offsetof(frame, fpcr) == 160 && offsetof(frame, end) == 176, "as in fiber_aarch64.S");

static void fill(frame *f, void (*fn)(void *), void *arg)
{
    __asm__ volatile("mrs %0, fpcr" : "=r"(f->fpcr));
    f->x19 = (uintptr_t)fn;
    f->x20 = (uintptr_t)arg;
    f->x30 = (uintptr_t)acti_context_enter;
}

#endif

void acti_context_make(acti_context *context, char *low, char *top, void (*fn)(void *), void *arg)
{
    // From here down to low is the context's; what is put on first ends at a multiple of 16.
    uintptr_t end = (uintptr_t)top & ~(uintptr_t)15;
    acti_assert(end - (uintptr_t)low > sizeof(frame));
    frame *f = (frame *)(end - sizeof(*f));
    memset(f, 0, sizeof(*f));
    fill(f, fn, arg);
    context->sp = f;
}

#endif
