// SPDX-License-Identifier: MIT
//
// fiber_aarch64.S - the switch for the AAPCS64 of aarch64.
//
// A suspended context is a stack pointer to this, lowest address first:
//
//     0  x19 ... x28
//    80  x29 (frame pointer), x30 (where to go on)
//    96  d8 ... d15
//   160  FPCR, unused

#if defined(__aarch64__) && !defined(ACTI_FIBER_UCONTEXT)

        .text
        .globl  acti_context_switch
        .hidden acti_context_switch
        .type   acti_context_switch, %function
        .p2align 4
// x0: where to leave our stack pointer; x1: where the other one is. Both frames have the same layout, so the
// unwind rules hold on either side of the step.
acti_context_switch:
        .cfi_startproc
        hint    #34                     // bti c
        sub     sp, sp, #176
        .cfi_def_cfa_offset 176
        stp     x19, x20, [sp]
        .cfi_rel_offset x19, 0
        .cfi_rel_offset x20, 8
        stp     x21, x22, [sp, #16]
        .cfi_rel_offset x21, 16
        .cfi_rel_offset x22, 24
        stp     x23, x24, [sp, #32]
        .cfi_rel_offset x23, 32
        .cfi_rel_offset x24, 40
        stp     x25, x26, [sp, #48]
        .cfi_rel_offset x25, 48
        .cfi_rel_offset x26, 56
        stp     x27, x28, [sp, #64]
        .cfi_rel_offset x27, 64
        .cfi_rel_offset x28, 72
        stp     x29, x30, [sp, #80]
        .cfi_rel_offset x29, 80
        .cfi_rel_offset x30, 88
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mrs     x10, fpcr
        str     x10, [sp, #160]

        mov     x9, sp
        str     x9, [x0]
        ldr     x9, [x1]
        mov     sp, x9

        ldr     x11, [sp, #160]
        cmp     x10, x11
        b.eq    1f
        msr     fpcr, x11
1:      ldp     d14, d15, [sp, #144]
        ldp     d12, d13, [sp, #128]
        ldp     d10, d11, [sp, #112]
        ldp     d8, d9, [sp, #96]
        ldp     x29, x30, [sp, #80]
        ldp     x27, x28, [sp, #64]
        ldp     x25, x26, [sp, #48]
        ldp     x23, x24, [sp, #32]
        ldp     x21, x22, [sp, #16]
        ldp     x19, x20, [sp]
        add     sp, sp, #176
        .cfi_def_cfa_offset 0
        // Not ret: the processor would predict the return of the stack we left, and be wrong every time.
        br      x30
        .cfi_endproc
        .size   acti_context_switch, . - acti_context_switch

// Where a new context begins: x19 is the function, x20 its argument. There is no caller, and unwinders are told.
        .globl  acti_context_enter
        .hidden acti_context_enter
        .type   acti_context_enter, %function
        .p2align 4
acti_context_enter:
        .cfi_startproc
        .cfi_undefined x30
        hint    #36                     // bti j: a switch jumps here
        mov     x0, x20
        blr     x19
        brk     #1
        .cfi_endproc
        .size   acti_context_enter, . - acti_context_enter

#endif

        .section .note.GNU-stack, "", %progbits
