// The operations a transformer's forward and backward pass is made of. The model is written once over this table; a
// back end (ops/cpu, ops/cuda) fills it in. Nothing here throws but `download`, `sum_of_squares` and what else waits for
// a device, which may have been lost (Failure of class DEVICE), and only `allocate`, `hold` and `place_batch` allocate.
//
// Dimensions: T tokens in the packed batch, C residual width, D head width, F feed-forward width, V vocabulary,
// N target tokens. Matrices are row-major. Every pointer names the back end's memory, unless it says host. A back end may
// do its work later, in the order in which it was asked; what the caller put on the host may change at once. Gradients
// are prefixed `d`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ggml.h"
#include "ops/activation.h"

namespace trex {

// What the values of a matrix are stored as. Sums are taken in fp32 either way.
enum class Element : uint8_t { f32, bf16 };
constexpr int64_t element_bytes(Element element) { return element == Element::f32 ? 4 : 2; }

// rows x cols values; (r, c) lies r * stride + c elements behind `data`.
struct Matrix {
  void *data = nullptr;
  int64_t rows = 0, cols = 0, stride = 0;
  Element element = Element::f32;

  float *f32() const { return static_cast<float *>(data); } // of a matrix of floats
  // Where (r, c) lies.
  void *at(int64_t row, int64_t column) const {
    return static_cast<std::byte *>(data) + (row * stride + column) * element_bytes(element);
  }
};

// A matrix that maps `in` to `out` values, stored as in its file: `out` rows of `in` values, each row_bytes long.
// Frozen weights stay quantised; they are decoded a panel at a time inside the product.
struct Weight {
  const std::byte *data = nullptr;
  ggml_type type = GGML_TYPE_F32;
  int64_t in = 0, out = 0;
  size_t row_bytes = 0;
};

// One LoRA pair: y += scale * B (A drop(x)). A is rank x in, B is out x rank, both row-major. dA and dB are null when
// the adapter is frozen (scoring).
struct LoraPair {
  const float *a = nullptr;
  const float *b = nullptr;
  float *da = nullptr;
  float *db = nullptr;
  int64_t rank = 0;
  float scale = 0.0f;
};

// Where a dropout mask comes from: a counter-based generator keyed by these, so that the mask of one element depends on
// neither threads nor micro-batches. rate 0 switches it off.
struct DropoutKey {
  float rate = 0.0f;
  uint64_t seed = 0;
  uint64_t stream = 0;     // optimiser step, layer and target
  int64_t first_token = 0; // position of the micro-batch's first token within the step
  const int32_t *tokens = nullptr; // the micro-batch's token that each row belongs to; null: row t is token t
};

// Documents packed one after another: document i holds tokens [offsets[i], offsets[i + 1]). Attention never crosses a
// border and positions restart at 0.
//
// For scoring, the forward pass alone also takes pieces of a tree of shared prefixes. Piece i then starts at position
// s = positions[offsets[i]], and its tokens also see positions [0, s) of what it continues: piece parents[i] < i, which
// covers position s - 1 and may go on beyond it, and what that one continues; or, when parents[i] is -1, the first s
// rows of k and v, which were carried over from an earlier batch. k and v hold `carried` such rows before the batch's
// own. What a token's attention comes to does not depend, bit for bit, on how its prefix is cut into pieces.
struct PackedBatch {
  const int32_t *tokens = nullptr;    // T
  const int32_t *positions = nullptr; // T, position inside the document
  const int32_t *offsets = nullptr;   // documents + 1
  int64_t documents = 0;
  int64_t token_count = 0; // T
  int64_t longest = 0;     // tokens in the longest document; of a tree, positions on the longest path
  const int32_t *parents = nullptr; // documents; null when they are whole
  int64_t carried = 0;
  const void *tables = nullptr; // what a back end's place_batch works out from the above, once for all layers
};

struct AttentionShape {
  int64_t heads, kv_heads, head_dim;
  float scale;         // multiplies q.k
  float softcap = 0;   // s becomes softcap * tanh(s / softcap); 0 leaves it
  int64_t window = 0;  // tokens a query sees, its own included; 0 means all up to its own
};

// cos and sin of every position and pair, [positions][rotary_dims / 2] each.
struct RopeTable {
  const float *cosine;
  const float *sine;
  int64_t head_dim;
  int64_t rotary_dims; // R: the first R values of a head are rotated, the others stay
  bool neox;           // pairs (i, i + R/2) instead of (2i, 2i + 1)
};

// A mixture of experts (Shazeer et al., 2017) sends each token to k of its E experts.
struct RouterShape {
  int64_t experts, chosen; // E, k
  bool normalise;          // a token's k weights are divided by their sum
  float scale = 1.0f;      // and multiplied by this
};

// The T * k slots sorted by expert, so that each expert's tokens are neighbours and go through the same linear layers
// as in a dense model. Slot t * k + j is token t's j-th choice. An expert's slots stay in the order of their numbers.
struct SlotGroups {
  int32_t *offsets = nullptr; // E + 1; expert e has rows [offsets[e], offsets[e + 1]) of the sorted order
  int32_t *tokens = nullptr;  // T * k; the token of each row: gather_rows takes it
  int32_t *places = nullptr;  // T * k; the row of each slot: combine_rows takes it
};

// A gated delta rule's heads (Yang et al., "Gated delta networks", 2024). Value head h reads key head h % key_heads.
// A row of W = 2 * key_heads * D + value_heads * D values holds the heads of q, then those of k, then those of v.
struct DeltaShape {
  int64_t key_heads, value_heads; // Hk divides Hv
  int64_t head_dim;               // D, at most most_delta_dim

  int64_t key_width() const { return key_heads * head_dim; }
  int64_t value_width() const { return value_heads * head_dim; }
};
inline constexpr int64_t most_delta_dim = 128;

struct AdamW {
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  int64_t step;     // 1 for the first update
  float grad_scale; // gradients are multiplied by this first (clipping)
};

// One of AdamW's moments in eight bits: a code for every value, and for every block of coded_block values their largest
// size in fp32. All zero bits is a moment of zero.
struct CodedMoment {
  uint8_t *codes = nullptr;
  float *largest = nullptr;
};
inline constexpr int64_t coded_block = 256;
constexpr int64_t coded_blocks(int64_t values) { return (values + coded_block - 1) / coded_block; }

// Where uniform noise comes from: counter-based like DropoutKey.
struct NoiseKey {
  uint64_t seed = 0;
  uint64_t stream = 0;     // optimiser step
  int64_t first_token = 0; // position of the micro-batch's first token within the step
};

struct Device { // a back end's own state (threads, scratch memory) derives from this
  virtual ~Device() = default;
};

struct Ops {
  const char *name;
  Element activations; // what the activations and their gradients are stored as; gates, routers and logits are f32
  bool host_memory;    // what `allocate` gives can be read and written by the host, between operations

  // Memory of `bytes` bytes, 256-byte aligned on a GPU and 64 on a CPU, not cleared. Null when there is none left.
  void *(*allocate)(Device &, size_t bytes);
  void (*release)(Device &, void *);
  // Host memory that does not change while the device lives, as the back end reads it: the CPU takes it as it is, a GPU
  // a copy that it keeps. Null when there is no memory left.
  const void *(*hold)(Device &, const void *host, size_t bytes);
  // From the host, and back to it; `download` waits for all work before it.
  void (*upload)(Device &, void *to, const void *host, size_t bytes);
  void (*download)(Device &, void *host, const void *from, size_t bytes);
  void (*copy)(Device &, void *to, const void *from, size_t bytes); // that do not overlap
  // A batch on the host as the operations take it, valid until the next call. `batch` itself must live as long.
  // tables is null in `batch` and documents is zero on failure, when there is no memory left.
  PackedBatch (*place_batch)(Device &, const PackedBatch &batch);
  void (*fill)(Device &, Matrix x, float value);

  // y[T, out] = x W^T + bias + lora + residual[T, out] (none without data; may be y). y is of the activations' element
  // or f32. With a LoRA, h[T, rank] = A drop(x) is kept for the backward pass; dropped[T, in] is scratch, needed only
  // when a dropout rate is set.
  void (*linear_forward)(Device &, Matrix y, Matrix x, const Weight &w, const float *bias, const LoraPair *lora,
                         Matrix h, const DropoutKey &dropout, Matrix dropped, Matrix residual);
  // dx[T, in] (= or +=) dy W + lora; the LoRA's dA and dB are added to; dw[out, in] and dbias[out] are added to unless
  // null. dh[T, rank] and dropped[T, in] are scratch. dx.data may be null when nobody needs it. dy is of the activations'
  // element or f32.
  void (*linear_backward)(Device &, Matrix dx, bool add_to_dx, Matrix dy, Matrix x, const Weight &w, float *dw,
                          float *dbias, const LoraPair *lora, Matrix h, Matrix dh, const DropoutKey &dropout,
                          Matrix dropped);

  // y = x / rms(x) * weight + residual (none without data; may be y), rstd[rows] = 1 / rms is kept. Rows may be heads: x
  // of T rows of H * D is T * H rows of D.
  void (*rms_norm_forward)(Device &, Matrix y, float *rstd, Matrix x, const float *weight, float epsilon,
                           Matrix residual);
  // dx += for add_to_dx, else =. dweight[cols] is added to unless null. dx may be dy.
  void (*rms_norm_backward)(Device &, Matrix dx, bool add_to_dx, float *dweight, Matrix dy, Matrix x,
                            const float *weight, const float *rstd);

  // Rotates every head of x[T, heads * D] in place; direction -1 is the backward pass.
  void (*rope)(Device &, Matrix x, const int32_t *positions, const RopeTable &table, float direction);

  // out[T, heads * D]; lse[heads, T] (natural log of each row's sum of exponentials) is kept for the backward pass.
  void (*attention_forward)(Device &, Matrix out, float *lse, Matrix q, Matrix k, Matrix v, const PackedBatch &batch,
                            const AttentionShape &shape);
  void (*attention_backward)(Device &, Matrix dq, Matrix dk, Matrix dv, Matrix dout, Matrix out, const float *lse,
                             Matrix q, Matrix k, Matrix v, const PackedBatch &batch, const AttentionShape &shape);

  // y[T, F] = activation(gate) * up; the three may have strides of their own (a fused gate_up holds both side by side).
  // y may be gate or up.
  void (*glu_forward)(Device &, Matrix y, Matrix gate, Matrix up, Activation activation);
  // dgate and dup may overwrite gate and up.
  void (*glu_backward)(Device &, Matrix dgate, Matrix dup, Matrix dy, Matrix gate, Matrix up, Activation activation);

  void (*add)(Device &, Matrix y, Matrix x); // y += x
  // x[r, :] *= factors[r]; its own backward pass.
  void (*scale_rows)(Device &, Matrix x, const float *factors);
  // x[t, c] += amplitudes[t] * u with u uniform in [-1, 1): NEFTune (Jain et al., 2023). Its backward pass is nothing.
  void (*add_noise)(Device &, Matrix x, const float *amplitudes, const NoiseKey &key);

  // x[t] = scale * table[tokens[t]]
  void (*embedding_forward)(Device &, Matrix x, const int32_t *tokens, const Weight &table, float scale);
  void (*embedding_backward)(Device &, float *dtable, Matrix dx, const int32_t *tokens, float scale);

  void (*gather_rows)(Device &, Matrix y, const int32_t *rows, Matrix x);  // y[i] = x[rows[i]]
  void (*scatter_rows)(Device &, Matrix y, const int32_t *rows, Matrix x); // y[rows[i]] = x[i]; rows are distinct

  // logits[T, E] become probabilities p = softmax(logits). experts[T, k] are those with the largest p, the largest
  // first and the lower index first among equals; weights[T, k] are their p, normalised and scaled as `shape` says.
  void (*route_forward)(Device &, int32_t *experts, float *weights, Matrix logits, const RouterShape &shape);
  // dlogits[T, E] holds the probabilities on entry (not read when they were normalised: then the k weights tell
  // enough) and the gradient of the logits on return. The choice itself has no gradient.
  void (*route_backward)(Device &, Matrix dlogits, const float *dweights, const int32_t *experts, const float *weights,
                         const RouterShape &shape);
  // host_offsets[E + 1] on the host gets the groups' offsets too, for the caller's loop over experts; waits for them.
  void (*group_slots)(Device &, const SlotGroups &groups, int32_t *host_offsets, const int32_t *experts, int64_t tokens,
                      const RouterShape &shape);
  // y[t] (= or +=) sum over j of weights[t * k + j] * x[places[t * k + j]], in the order of j; weights null means ones
  // (the backward pass of gather_rows over SlotGroups.tokens). y is T x C, x is T * k rows of C.
  void (*combine_rows)(Device &, Matrix y, bool add_to_y, Matrix x, const int32_t *places, const float *weights,
                       int64_t chosen);
  // With i = places[slot]: dx[i] = weights[slot] * dy[t] and dweights[slot] = dy[t] . x[i]. dx may be x.
  void (*combine_rows_backward)(Device &, Matrix dx, float *dweights, Matrix dy, Matrix x, const int32_t *places,
                                const float *weights, int64_t chosen);

  // y[t, c] = silu(sum over i < width of taps[c * width + i] * x[t - width + 1 + i, c]), tokens before the document's
  // first being zero. The documents are whole. y is not x.
  void (*causal_conv_forward)(Device &, Matrix y, Matrix x, const float *taps, int64_t width, const PackedBatch &batch);
  // dy[T, W] becomes dx. dtaps[W, width] is added to unless null.
  void (*causal_conv_backward)(Device &, Matrix dy, float *dtaps, Matrix x, const float *taps, int64_t width,
                               const PackedBatch &batch);

  // Every head of x[T, heads * D] is divided in place by max(|head|, epsilon); inverse[T, heads] keeps 1 over that.
  void (*unit_heads_forward)(Device &, Matrix x, float *inverse, int64_t head_dim, float epsilon);
  // dx in place over dy, from the divided heads y.
  void (*unit_heads_backward)(Device &, Matrix dy, Matrix y, const float *inverse, int64_t head_dim, float epsilon);

  // beta[T, Hv] becomes sigmoid(beta); log_decay = rate * softplus(alpha + bias), with rate[Hv] and bias[Hv].
  void (*delta_gates_forward)(Device &, Matrix beta, Matrix log_decay, Matrix alpha, const float *rate,
                              const float *bias);
  // dbeta becomes the gradient before the sigmoid, dlog_decay that of alpha. drate and dbias are added to unless null.
  void (*delta_gates_backward)(Device &, Matrix dbeta, Matrix dlog_decay, float *drate, float *dbias, Matrix beta,
                               Matrix alpha, const float *rate, const float *bias);

  // The recurrence of every value head over its document, from a state S[D, D] of zeros:
  //   S = exp(log_decay[t]) S;  S += beta[t] (v[t] - S k[t]) k[t]^T;  out[t] = S q[t] / sqrt(D)
  // qkv[T, W] as DeltaShape says, beta and log_decay [T, Hv], out[T, Hv * D]. The documents are whole.
  void (*delta_rule_forward)(Device &, Matrix out, Matrix qkv, Matrix beta, Matrix log_decay, const PackedBatch &batch,
                             const DeltaShape &shape);
  // States are not kept: they are computed again. All gradients are set, not added to.
  void (*delta_rule_backward)(Device &, Matrix dqkv, Matrix dbeta, Matrix dlog_decay, Matrix dout, Matrix qkv,
                              Matrix beta, Matrix log_decay, const PackedBatch &batch, const DeltaShape &shape);

  // With p = softmax(c(logits[i])), c(z) = softcap * tanh(z / softcap) or z when softcap is 0: losses[i] = -ln
  // p(targets[i]), and dlogits[N, V] is the gradient of the sum of weights[i] * losses[i]. dlogits, of the activations'
  // element, lies over the f32 logits: its rows begin where theirs do.
  void (*cross_entropy)(Device &, double *losses, Matrix dlogits, Matrix logits, const int32_t *targets,
                        const float *weights, float softcap);
  // Scoring: log_probability[i] = ln p(targets[i]); is_argmax[i] tells whether no other token is more likely. The
  // logits are left with the cap applied.
  void (*log_probability)(Device &, double *log_probability, uint8_t *is_argmax, Matrix logits, const int32_t *targets,
                          float softcap);

  void (*add_up)(Device &, double *sum, const double *values, int64_t count); // *sum += all values, in a fixed order
  double (*sum_of_squares)(Device &, const float *values, int64_t count);
  void (*adamw)(Device &, float *values, float *m, float *v, const float *gradient, int64_t count,
                const AdamW &options);
  // The same with the moments in eight bits between steps.
  void (*adamw8)(Device &, float *values, const CodedMoment &first, const CodedMoment &second, const float *gradient,
                 int64_t count, const AdamW &options);
  void (*average)(Device &, float *mean, const float *x, float share, int64_t count); // mean += share * (x - mean)
};

} // namespace trex
