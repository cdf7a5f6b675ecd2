#include <stdio.h>

int main(void)
{
    printf("dragoman %s\n", DRAGOMAN_VERSION);
    return 0;
}
