/*
 * Answers the challenges of `clawbernetes molt probe`: fills memory with what follows from a seed, says so, and walks through it.
 *
 *   cc -O2 -static -o claw-probe claw-probe.c                the memory of the host
 *   nvcc -O2 -x cu -cudart static -o claw-probe claw-probe.c  the memory of the first GPU
 *
 * Input and output are lines: "fill SEED LANES" is answered with "filled LANES", "walk SEED STEPS" with "answer HEX". A lane has 4 MiB. What it
 * computes is written down in src/lib/memory-lanes.ts, by which the answers are checked.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LANE_WORDS (1048576u)
#define GOLDEN 0x9e3779b9u

#ifdef __CUDACC__
#define BOTH __host__ __device__
#else
#define BOTH
#endif

typedef struct {
  uint32_t word[8];
} Seed;

BOTH static uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x85ebca6bu;
  x ^= x >> 13;
  x *= 0xc2b2ae35u;
  return x ^ (x >> 16);
}

BOTH static void make_lane(uint32_t *words, Seed seed, uint32_t number) {
  uint32_t a = mix(seed.word[0] ^ number * GOLDEN);
  for (uint32_t i = 0; i < LANE_WORDS; i++) words[i] = a = mix(a + seed.word[i & 7] + i * GOLDEN);
  for (uint32_t i = 0; i < LANE_WORDS; i++) {
    a = mix(a ^ words[a & (LANE_WORDS - 1)] ^ i);
    words[i] ^= a;
  }
}

BOTH static Seed walk(const uint32_t *memory, Seed state, uint32_t lanes, uint32_t steps) {
  for (uint32_t t = 0; t < steps; t++) {
    uint32_t a = mix(state.word[t & 7] + t * GOLDEN);
    uint32_t lane = (uint32_t)(((uint64_t)a * lanes) >> 32);
    uint32_t word = mix(a ^ GOLDEN) & (LANE_WORDS - 1);
    uint32_t met = mix(state.word[t & 7] ^ memory[(size_t)lane * LANE_WORDS + word]);
    state.word[t & 7] = met;
    state.word[(t + 1) & 7] += met;
  }
  return state;
}

#ifdef __CUDACC__
/* One thread a lane: what is slow about one is made up for by many at a time. */
__global__ static void fill_kernel(uint32_t *memory, Seed seed, uint32_t lanes) {
  uint32_t number = blockIdx.x * blockDim.x + threadIdx.x;
  if (number < lanes) make_lane(memory + (size_t)number * LANE_WORDS, seed, number);
}

__global__ static void walk_kernel(const uint32_t *memory, Seed seed, uint32_t lanes, uint32_t steps, Seed *end) {
  *end = walk(memory, seed, lanes, steps);
}

static uint32_t *fill(Seed seed, uint32_t lanes) {
  uint32_t *memory;
  if (cudaMalloc((void **)&memory, (size_t)lanes * LANE_WORDS * sizeof *memory) != cudaSuccess) return NULL;
  fill_kernel<<<(lanes + 31) / 32, 32>>>(memory, seed, lanes);
  return cudaDeviceSynchronize() == cudaSuccess ? memory : NULL;
}

static int walked(const uint32_t *memory, Seed seed, uint32_t lanes, uint32_t steps, Seed *end) {
  Seed *there;
  if (cudaMalloc((void **)&there, sizeof *there) != cudaSuccess) return 0;
  walk_kernel<<<1, 1>>>(memory, seed, lanes, steps, there);
  int is_done = cudaMemcpy(end, there, sizeof *end, cudaMemcpyDeviceToHost) == cudaSuccess;
  cudaFree(there);
  return is_done;
}
#else
static uint32_t *fill(Seed seed, uint32_t lanes) {
  uint32_t *memory = (uint32_t *)malloc((size_t)lanes * LANE_WORDS * sizeof *memory);
  for (uint32_t number = 0; memory != NULL && number < lanes; number++)
    make_lane(memory + (size_t)number * LANE_WORDS, seed, number);
  return memory;
}

static int walked(const uint32_t *memory, Seed seed, uint32_t lanes, uint32_t steps, Seed *end) {
  *end = walk(memory, seed, lanes, steps);
  return 1;
}
#endif

static int seed_from(const char *hex, Seed *seed) {
  for (int i = 0; i < 8; i++)
    if (sscanf(hex + 8 * i, "%8x", &seed->word[i]) != 1) return 0;
  return 1;
}

int main(void) {
  char line[256], hex[65];
  uint32_t lanes = 0, count;
  uint32_t *memory = NULL;
  Seed seed, end;
  setvbuf(stdout, NULL, _IOLBF, 0);
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "fill %64[0-9a-f] %u", hex, &count) == 2 && memory == NULL && count > 0 && seed_from(hex, &seed)) {
      memory = fill(seed, lanes = count);
      if (memory == NULL) {
        puts("there is not so much memory");
        return 1;
      }
      printf("filled %u\n", lanes);
    } else if (sscanf(line, "walk %64[0-9a-f] %u", hex, &count) == 2 && memory != NULL && seed_from(hex, &seed)) {
      if (!walked(memory, seed, lanes, count, &end)) return 1;
      printf("answer ");
      for (uint32_t i = 0; i < 8; i++) printf("%08x", mix(end.word[i] + i));
      puts("");
    } else {
      puts("there is no such challenge");
      return 2;
    }
  }
  return 0;
}
