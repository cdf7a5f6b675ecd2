/* The parts of `dragoman ca`. Handlers as cli.h says. */
#ifndef DRAGOMAN_GATEWAY_CLI_CA_H
#define DRAGOMAN_GATEWAY_CLI_CA_H

int ca_init(int argc, char **argv);

#endif
