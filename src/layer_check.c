// SPDX-License-Identifier: MIT
//
// layer_check.c - the empty program that src/meson.build links each layer into,
// with the layers below it and nothing else. Linking it is the test.

int main(void)
{
    return 0;
}
