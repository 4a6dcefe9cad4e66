// The instructions themselves: a product of one tile through ldmatrix and mma, against sums taken directly. It uses the
// lanes' layout as a kernel does, so on a card it also shows that the emulation's layout is the hardware's.
#include "ops/cuda/launch.cuh"
#include "ops/cuda/ptx.cuh"

#include "cuda/cuda_sides.h"
#include "support/check.h"

namespace trex::test {
namespace {

// c[16, 8] = a[16, 16] b[8, 16]^T, one warp
__global__ void product_bf16(float *c, const bf16 *a, const bf16 *b) {
  unsigned char *shared = shared_memory();
  bf16 *sa = reinterpret_cast<bf16 *>(shared), *sb = sa + 16 * 16;
  const int lane = static_cast<int>(threadIdx.x);
  cp_async<16>(sa + 8 * lane, a + 8 * lane);
  if (lane < 16) cp_async<16>(sb + 8 * lane, b + 8 * lane);
  cp_async_commit();
  cp_async_wait<0>();
  __syncthreads();
  uint32_t fa[4], fb[2];
  float d[4] = {};
  ldmatrix_x4(fa, sa + (lane % 16) * 16 + (lane / 16) * 8);
  ldmatrix_x2(fb, sb + (lane % 8) * 16 + (lane / 8 % 2) * 8);
  mma_bf16(d, fa, fb);
  const int g = lane / 4, t = lane % 4;
  c[g * 8 + 2 * t] = d[0];
  c[g * 8 + 2 * t + 1] = d[1];
  c[(g + 8) * 8 + 2 * t] = d[2];
  c[(g + 8) * 8 + 2 * t + 1] = d[3];
}

TEST(a_tile_product_is_the_sum_of_products) {
  Sides sides;
  const std::vector<float> a = random_bf16(16 * 16, 1), b = random_bf16(8 * 16, 2);
  std::vector<float> want(16 * 8);
  for (size_t i = 0; i < 16; ++i) {
    for (size_t j = 0; j < 8; ++j) {
      for (size_t k = 0; k < 16; ++k) want[i * 8 + j] += a[i * 16 + k] * b[j * 16 + k];
    }
  }
  const Matrix ma = sides.matrix(a, 16, Element::bf16), mb = sides.matrix(b, 16, Element::bf16);
  in_every_order("tile", [&] {
    const Matrix mc = sides.empty(16, 8, Element::f32);
    launch(sides.cuda(), product_bf16, 1, 32, (16 * 16 + 8 * 16) * 2, mc.f32(), static_cast<const bf16 *>(ma.data),
           static_cast<const bf16 *>(mb.data));
    const std::vector<float> got = sides.read(mc);
    check_near(got, want, 1e-6, 1e-6, "tile");
    return got;
  });
}

} // namespace
} // namespace trex::test
