/* A Modbus slave made with libmodbus, so that another implementation than ours says what is right.
 *
 *   modbus_slave tcp <port, 0 for any> <unit>...     answers these units, over many connections
 *   modbus_slave rtu <device> <baud> <unit>          answers this unit on a serial line, no parity
 *
 * It says "listening <port>" or "ready" once it can be asked, and ends when it is killed. The order
 * "<register> <word>..." on stdin sets holding registers, and is answered with "done".
 * Holding registers: 0 to 7 a float of 123456.5 as ABCD, CDAB, BADC, DCBA; 8 counts the requests; 9
 * is -5; 10 and 11 are 0xFFFF; 12 to 15 "plantstream"'s first 8 characters; 16 the unit asked. There
 * are 64 of them, as many input registers (each 1000 + its address), coils and discrete inputs (every
 * third is on, from 0; from 1).
 */
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE 64
#define MAX_UNITS 16

static uint16_t swapped(uint16_t word) { return (uint16_t)(word << 8 | word >> 8); }

static modbus_mapping_t *fill(void) {
  modbus_mapping_t *map = modbus_mapping_new(SIZE, SIZE, SIZE, SIZE);
  uint16_t *holding = map->tab_registers;
  /* Not modbus_set_float_abcd and its like: version 3.1.6 puts them on the wire as BADC and so on. */
  float value = 123456.5f;
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint16_t high = bits >> 16, low = bits & 0xFFFF;
  uint16_t floats[] = {high, low, low, high, swapped(high), swapped(low), swapped(low), swapped(high)};
  memcpy(holding, floats, sizeof floats);
  holding[9] = (uint16_t)-5;
  holding[10] = holding[11] = 0xFFFF;
  for (int i = 0; i < 4; i++) holding[12 + i] = ("plantstream"[2 * i] << 8) | "plantstream"[2 * i + 1];
  for (int i = 0; i < SIZE; i++) {
    map->tab_input_registers[i] = 1000 + i;
    map->tab_bits[i] = i % 3 == 0;
    map->tab_input_bits[i] = i % 3 == 1;
  }
  return map;
}

static void answer(modbus_t *ctx, modbus_mapping_t *map, const uint8_t *query, int length, int unit) {
  map->tab_registers[8]++;
  map->tab_registers[16] = unit;
  modbus_reply(ctx, query, length, map);
}

/* Does what a line on stdin says; false once there is no more. */
static int obey(modbus_mapping_t *map) {
  char line[256];
  char *at = line;
  if (fgets(line, sizeof line, stdin) == NULL) return 0;
  long address = strtol(at, &at, 10);
  for (char *next; address < SIZE; at = next) {
    long word = strtol(at, &next, 10);
    if (next == at) break;
    map->tab_registers[address++] = (uint16_t)word;
  }
  puts("done");
  fflush(stdout);
  return 1;
}

static int serve_rtu(char **argv) {
  modbus_t *ctx = modbus_new_rtu(argv[2], atoi(argv[3]), 'N', 8, 1);
  int unit = atoi(argv[4]);
  uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];
  modbus_mapping_t *map = fill();
  if (ctx == NULL || modbus_set_slave(ctx, unit) || modbus_connect(ctx)) {
    perror("modbus_slave");
    return 1;
  }
  int line = modbus_get_socket(ctx);
  fd_set open;
  FD_ZERO(&open);
  FD_SET(line, &open);
  FD_SET(STDIN_FILENO, &open);
  puts("ready");
  fflush(stdout);
  for (;;) {
    fd_set ready = open;
    if (select(FD_SETSIZE, &ready, NULL, NULL, NULL) < 0) return 1;
    if (FD_ISSET(STDIN_FILENO, &ready) && !obey(map)) FD_CLR(STDIN_FILENO, &open);
    if (!FD_ISSET(line, &ready)) continue;
    int length = modbus_receive(ctx, query);
    if (length > 0) answer(ctx, map, query, length, unit);
  }
}

static int serve_tcp(int argc, char **argv) {
  modbus_t *ctx = modbus_new_tcp("127.0.0.1", atoi(argv[2]));
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  modbus_mapping_t *map = fill();
  int listening = ctx ? modbus_tcp_listen(ctx, 8) : -1;
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  fd_set open;
  if (listening < 0 || getsockname(listening, (struct sockaddr *)&address, &size)) {
    perror("modbus_slave");
    return 1;
  }
  printf("listening %d\n", ntohs(address.sin_port));
  fflush(stdout);
  FD_ZERO(&open);
  FD_SET(listening, &open);
  FD_SET(STDIN_FILENO, &open);
  for (;;) {
    fd_set ready = open;
    if (select(FD_SETSIZE, &ready, NULL, NULL, NULL) < 0) return 1;
    if (FD_ISSET(STDIN_FILENO, &ready)) {
      if (!obey(map)) FD_CLR(STDIN_FILENO, &open);
      FD_CLR(STDIN_FILENO, &ready);
    }
    for (int fd = 0; fd < FD_SETSIZE; fd++) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd == listening) {
        int accepted = accept(listening, NULL, NULL);
        if (accepted >= 0) FD_SET(accepted, &open);
        continue;
      }
      modbus_set_socket(ctx, fd);
      int length = modbus_receive(ctx, query);
      if (length < 0) {
        close(fd);
        FD_CLR(fd, &open);
      }
      for (int i = 3; length > 0 && i < argc; i++)
        if (query[6] == atoi(argv[i])) answer(ctx, map, query, length, query[6]);
    }
  }
}

int main(int argc, char **argv) {
  if (argc >= 4 && strcmp(argv[1], "tcp") == 0) return serve_tcp(argc, argv);
  if (argc == 5 && strcmp(argv[1], "rtu") == 0) return serve_rtu(argv);
  fputs("modbus_slave tcp <port> <unit>... | rtu <device> <baud> <unit>\n", stderr);
  return 2;
}
