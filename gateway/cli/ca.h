/* The parts of `dragoman ca`. Handlers as cli.h says. */
#ifndef DRAGOMAN_GATEWAY_CLI_CA_H
#define DRAGOMAN_GATEWAY_CLI_CA_H

/* Tells on standard error how each is called; returns CLI_USAGE. */
int ca_usage(void);

int ca_init(int argc, char **argv);
int ca_list(int argc, char **argv);
int ca_revoke(int argc, char **argv);
int ca_crl(int argc, char **argv);

#endif
