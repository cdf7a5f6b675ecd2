/* dragoman password: a line for the file that a route's "passwords" names. */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "adapters/pkix/password.h"
#include "gateway/cli/cli.h"
#include "mapping/model/limits.h"

enum { PASSWORD_OCTETS = 1024 };

/* One line from standard input; at a terminal it is not shown. */
static bool read_password(char *password, size_t room)
{
    struct termios before, hidden;
    bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        hidden = before;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        fputs("Password: ", stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    bool read = fgets(password, (int)room, stdin) != NULL;
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    if (read)
        password[strcspn(password, "\r\n")] = '\0';
    return read;
}

static int print_line(const char *user, const char *password)
{
    struct arena *arena = arena_new();
    uint8_t salt[PASSWORD_SALT_OCTETS];
    struct bytes line = BYTES_EMPTY;
    if (RAND_bytes(salt, sizeof(salt)) == 1)
        line = password_hash(bytes_of_text(password), salt, arena);
    bool made = !bytes_is_empty(line);
    if (made)
        printf("%s:%.*s\n", user, (int)line.size, (const char *)line.data);
    else
        fputs("dragoman: the password cannot be hashed\n", stderr);
    arena_free(arena);
    return made && fflush(stdout) == 0 ? CLI_OK : CLI_FAILED;
}

int cmd_password(int argc, char **argv)
{
    char password[PASSWORD_OCTETS];
    if (argc != 2 || argv[1][0] == '-')
        return cli_usage(argv[0]);
    const char *user = argv[1];
    /* RFC 7617 2: a colon ends the name. */
    if (user[0] == '\0' || user[0] == '#' || strpbrk(user, ":\r\n") != NULL ||
        strlen(user) > LIMIT_REFERENCE_OCTETS) {
        fputs("dragoman: a user's name has no colon, does not begin with #, and is not empty\n",
              stderr);
        return CLI_USAGE;
    }
    if (!read_password(password, sizeof(password)) || password[0] == '\0') {
        fputs("dragoman: no password on standard input\n", stderr);
        return CLI_FAILED;
    }
    int status = print_line(user, password);
    OPENSSL_cleanse(password, sizeof(password));
    return status;
}
