#include "tests/tls/talk.h"
int main(void)
{
    return 0;
}
