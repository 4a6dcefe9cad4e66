// The CPU back end's operations, one file each; ops.h says what they mean.
#pragma once

#include "ops/cpu/cpu_device.h"
#include "ops/ops.h"

namespace trex::cpu {

inline CpuDevice &cpu(Device &device) { return static_cast<CpuDevice &>(device); }

// Sums over many values are taken in at most this many parts that are then added in order, so the result does not
// depend on the number of threads.
inline constexpr int64_t most_parts = 256;

// Values that one thread should at least get: waking another costs a few microseconds, which is what these take.
inline constexpr int64_t values_per_share = 16384;
inline constexpr int64_t rows_per_share(int64_t columns) {
  return columns >= values_per_share ? 1 : values_per_share / (columns > 0 ? columns : 1);
}

void *allocate(Device &, size_t bytes);
void release(Device &, void *memory);
const void *hold(Device &, const void *host, size_t bytes);
void upload(Device &, void *to, const void *host, size_t bytes);
void download(Device &, void *host, const void *from, size_t bytes);
void copy(Device &, void *to, const void *from, size_t bytes);
PackedBatch place_batch(Device &, const PackedBatch &batch);

void linear_forward(Device &, Matrix y, Matrix x, const Weight &w, const float *bias, const LoraPair *lora, Matrix h,
                    const DropoutKey &dropout, Matrix dropped, Matrix residual);
void linear_backward(Device &, Matrix dx, bool add_to_dx, Matrix dy, Matrix x, const Weight &w, float *dw, float *dbias,
                     const LoraPair *lora, Matrix h, Matrix dh, const DropoutKey &dropout, Matrix dropped);
void apply_dropout(CpuDevice &, Matrix y, Matrix x, const DropoutKey &key, bool add);

void rms_norm_forward(Device &, Matrix y, float *rstd, Matrix x, const float *weight, float epsilon, Matrix residual);
void rms_norm_backward(Device &, Matrix dx, bool add_to_dx, float *dweight, Matrix dy, Matrix x, const float *weight,
                       const float *rstd);
void rope(Device &, Matrix x, const int32_t *positions, const RopeTable &table, float direction);
void attention_forward(Device &, Matrix out, float *lse, Matrix q, Matrix k, Matrix v, const PackedBatch &batch,
                       const AttentionShape &shape);
void attention_backward(Device &, Matrix dq, Matrix dk, Matrix dv, Matrix dout, Matrix out, const float *lse, Matrix q,
                        Matrix k, Matrix v, const PackedBatch &batch, const AttentionShape &shape);
void glu_forward(Device &, Matrix y, Matrix gate, Matrix up, Activation activation);
void glu_backward(Device &, Matrix dgate, Matrix dup, Matrix dy, Matrix gate, Matrix up, Activation activation);
void add(Device &, Matrix y, Matrix x);
void fill(Device &, Matrix x, float value);
void scale_rows(Device &, Matrix x, const float *factors);
void add_noise(Device &, Matrix x, const float *amplitudes, const NoiseKey &key);
void embedding_forward(Device &, Matrix x, const int32_t *tokens, const Weight &table, float scale);
void embedding_backward(Device &, float *dtable, Matrix dx, const int32_t *tokens, float scale);
void gather_rows(Device &, Matrix y, const int32_t *rows, Matrix x);
void scatter_rows(Device &, Matrix y, const int32_t *rows, Matrix x);
void route_forward(Device &, int32_t *experts, float *weights, Matrix logits, const RouterShape &shape);
void route_backward(Device &, Matrix dlogits, const float *dweights, const int32_t *experts, const float *weights,
                    const RouterShape &shape);
void group_slots(Device &, const SlotGroups &groups, int32_t *host_offsets, const int32_t *experts, int64_t tokens,
                 const RouterShape &shape);
void combine_rows(Device &, Matrix y, bool add_to_y, Matrix x, const int32_t *places, const float *weights,
                  int64_t chosen);
void combine_rows_backward(Device &, Matrix dx, float *dweights, Matrix dy, Matrix x, const int32_t *places,
                           const float *weights, int64_t chosen);
void causal_conv_forward(Device &, Matrix y, Matrix x, const float *taps, int64_t width, const PackedBatch &batch);
void causal_conv_backward(Device &, Matrix dy, float *dtaps, Matrix x, const float *taps, int64_t width,
                          const PackedBatch &batch);
void unit_heads_forward(Device &, Matrix x, float *inverse, int64_t head_dim, float epsilon);
void unit_heads_backward(Device &, Matrix dy, Matrix y, const float *inverse, int64_t head_dim, float epsilon);
void delta_gates_forward(Device &, Matrix beta, Matrix log_decay, Matrix alpha, const float *rate, const float *bias);
void delta_gates_backward(Device &, Matrix dbeta, Matrix dlog_decay, float *drate, float *dbias, Matrix beta,
                          Matrix alpha, const float *rate, const float *bias);
void delta_rule_forward(Device &, Matrix out, Matrix qkv, Matrix beta, Matrix log_decay, const PackedBatch &batch,
                        const DeltaShape &shape);
void delta_rule_backward(Device &, Matrix dqkv, Matrix dbeta, Matrix dlog_decay, Matrix dout, Matrix qkv, Matrix beta,
                         Matrix log_decay, const PackedBatch &batch, const DeltaShape &shape);
void cross_entropy(Device &, double *losses, Matrix dlogits, Matrix logits, const int32_t *targets, const float *weights,
                   float softcap);
void log_probability(Device &, double *log_probability, uint8_t *is_argmax, Matrix logits, const int32_t *targets,
                     float softcap);
void add_up(Device &, double *sum, const double *values, int64_t count);
double sum_of_squares(Device &, const float *values, int64_t count);

// What AdamW's step (Loshchilov and Hutter, 2019) needs of its options, once for all values:
//   x = decay * x - step_size * m / (sqrt(v) * root_correction + epsilon)
struct AdamWFactors {
  float step_size, root_correction, decay;
};
AdamWFactors adamw_factors(const AdamW &options);
void adamw(Device &, float *values, float *m, float *v, const float *gradient, int64_t count, const AdamW &options);
void adamw8(Device &, float *values, const CodedMoment &first, const CodedMoment &second, const float *gradient,
            int64_t count, const AdamW &options);
void average(Device &, float *mean, const float *x, float share, int64_t count);

} // namespace trex::cpu
