// SPDX-License-Identifier: MIT
//
// fiber_x86_64.S - the switch for the System V ABI of x86-64.
//
// A suspended context is a stack pointer to this, lowest address first:
//
//     0  MXCSR (4 bytes), x87 control word (2), unused (2)
//     8  r15, r14, r13, r12, rbx, rbp
//    56  return address
//
// The control words are callee-saved like the six registers. Comparing them first, to load them only when they
// differ, was measured and saves nothing.

#if defined(__x86_64__) && !defined(ACTI_FIBER_UCONTEXT)

        .text
        .globl  acti_context_switch
        .hidden acti_context_switch
        .type   acti_context_switch, @function
        .p2align 4
// rdi: where to leave our stack pointer; rsi: where the other one is. Both frames have the same layout, so
// the unwind rules hold on either side of the step.
acti_context_switch:
        .cfi_startproc
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        stmxcsr (%rsp)
        fnstcw  4(%rsp)

        movq    %rsp, (%rdi)
        movq    (%rsi), %rsp

        ldmxcsr (%rsp)
        fldcw   4(%rsp)
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        // Not ret: the processor would predict the return of the stack we left, and be wrong every time.
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rcx
        jmp     *%rcx
        .cfi_endproc
        .size   acti_context_switch, . - acti_context_switch

// Where a new context begins: r12 is the function, r13 its argument. There is no caller, and unwinders are told.
        .globl  acti_context_enter
        .hidden acti_context_enter
        .type   acti_context_enter, @function
        .p2align 4
acti_context_enter:
        .cfi_startproc
        .cfi_undefined %rip
        movq    %r13, %rdi
        callq   *%r12
        ud2
        .cfi_endproc
        .size   acti_context_enter, . - acti_context_enter

#endif

        .section .note.GNU-stack, "", %progbits
