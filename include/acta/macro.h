// SPDX-License-Identifier: MIT
//
// macro.h - what the other public headers are written with: visibility,
// attributes, and the small preprocessor kit behind ACTA_MESSAGE. Nothing in
// here is meant to be called by users.

#ifndef ACTA_MACRO_H
#define ACTA_MACRO_H

#define ACTA_API __attribute__((visibility("default")))
#define ACTA_NODISCARD __attribute__((warn_unused_result))

#ifdef __cplusplus
#define ACTA_BEGIN_DECLS extern "C" {
#define ACTA_END_DECLS }
#define ACTA_STATIC_ASSERT static_assert
#define ACTI_ZERO {} // after a member: leaving it out of an initializer is no warning then
#else
#define ACTA_BEGIN_DECLS
#define ACTA_END_DECLS
#define ACTA_STATIC_ASSERT _Static_assert
#define ACTI_ZERO
#endif

// ACTA_HERE is where it is written, such as "main.c:12".
#define ACTA_HERE __FILE__ ":" ACTI_TEXT(__LINE__)
#define ACTI_TEXT(x) ACTI_TEXT_(x)
#define ACTI_TEXT_(x) #x

// Joining and taking apart argument lists. All lists are wholly variadic, so
// that "no further argument" stays valid ISO C11.
#define ACTI_CAT(a, b) ACTI_CAT_(a, b)
#define ACTI_CAT_(a, b) a##b
#define ACTI_HEAD(...) ACTI_HEAD_(__VA_ARGS__, 0)
#define ACTI_HEAD_(head, ...) head

// ACTI_COUNT(a, b, c) is 3; from 1 to 17 arguments.
#define ACTI_COUNT(...) ACTI_COUNT_(__VA_ARGS__, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define ACTI_COUNT_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, n, ...) n

// ACTI_ONE(...) is 1 for exactly one argument and N for two to seventeen.
#define ACTI_ONE(...) ACTI_ONE_(__VA_ARGS__, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, 1, 0)
#define ACTI_ONE_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, n, ...) n

// ACTI_EACH(f, x, (a), (b)) is f(x, (a)) f(x, (b)); one to sixteen tuples.
#define ACTI_EACH(f, x, ...) ACTI_CAT(ACTI_EACH_, ACTI_COUNT(__VA_ARGS__))(f, x, __VA_ARGS__)
#define ACTI_EACH_1(f, x, a) f(x, a)
#define ACTI_EACH_2(f, x, a, ...) f(x, a) ACTI_EACH_1(f, x, __VA_ARGS__)
#define ACTI_EACH_3(f, x, a, ...) f(x, a) ACTI_EACH_2(f, x, __VA_ARGS__)
#define ACTI_EACH_4(f, x, a, ...) f(x, a) ACTI_EACH_3(f, x, __VA_ARGS__)
#define ACTI_EACH_5(f, x, a, ...) f(x, a) ACTI_EACH_4(f, x, __VA_ARGS__)
#define ACTI_EACH_6(f, x, a, ...) f(x, a) ACTI_EACH_5(f, x, __VA_ARGS__)
#define ACTI_EACH_7(f, x, a, ...) f(x, a) ACTI_EACH_6(f, x, __VA_ARGS__)
#define ACTI_EACH_8(f, x, a, ...) f(x, a) ACTI_EACH_7(f, x, __VA_ARGS__)
#define ACTI_EACH_9(f, x, a, ...) f(x, a) ACTI_EACH_8(f, x, __VA_ARGS__)
#define ACTI_EACH_10(f, x, a, ...) f(x, a) ACTI_EACH_9(f, x, __VA_ARGS__)
#define ACTI_EACH_11(f, x, a, ...) f(x, a) ACTI_EACH_10(f, x, __VA_ARGS__)
#define ACTI_EACH_12(f, x, a, ...) f(x, a) ACTI_EACH_11(f, x, __VA_ARGS__)
#define ACTI_EACH_13(f, x, a, ...) f(x, a) ACTI_EACH_12(f, x, __VA_ARGS__)
#define ACTI_EACH_14(f, x, a, ...) f(x, a) ACTI_EACH_13(f, x, __VA_ARGS__)
#define ACTI_EACH_15(f, x, a, ...) f(x, a) ACTI_EACH_14(f, x, __VA_ARGS__)
#define ACTI_EACH_16(f, x, a, ...) f(x, a) ACTI_EACH_15(f, x, __VA_ARGS__)

#endif
