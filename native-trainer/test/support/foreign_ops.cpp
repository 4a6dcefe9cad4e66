#include "support/foreign_ops.h"

#include <cstring>
#include <map>
#include <new>
#include <stdexcept>
#include <vector>

#include "ops/cpu/cpu_device.h"

namespace trex::test {
namespace {

// Added to an address it makes one that no 64-bit processor in use has.
constexpr uintptr_t displacement = uintptr_t{1} << 52;

int64_t operations = 0;

template <class T> T *displaced(T *pointer) {
  return reinterpret_cast<T *>(reinterpret_cast<uintptr_t>(pointer) + displacement);
}

struct ForeignDevice : Device {
  explicit ForeignDevice(const BackendNeeds &needs) : cpu(needs.threads, needs.longest, best_isa(), needs.tokens) {}
  ~ForeignDevice() override {
    forget_batch();
    for (void *held : held_blocks) give_back(held);
    if (!blocks.empty()) std::terminate(); // somebody did not release what was allocated
  }

  void *give_out(size_t bytes) {
    void *memory = cpu_ops().allocate(cpu, bytes);
    if (memory == nullptr) return nullptr;
    std::memset(memory, 0xff, bytes);
    blocks.emplace(reinterpret_cast<uintptr_t>(memory), bytes);
    return displaced(static_cast<std::byte *>(memory));
  }
  void give_back(void *memory) {
    if (memory == nullptr) return;
    void *real = inside(memory, 0);
    blocks.erase(reinterpret_cast<uintptr_t>(real));
    cpu_ops().release(cpu, real);
  }
  void *copy_in(const void *host, size_t bytes) {
    void *memory = give_out(bytes);
    if (memory != nullptr && bytes > 0) std::memcpy(inside(memory, bytes), host, bytes);
    return memory;
  }

  // Where `bytes` bytes of this back end's memory really are.
  template <class T> T *inside(T *pointer, size_t bytes) const {
    const uintptr_t real = reinterpret_cast<uintptr_t>(pointer) - displacement;
    auto block = blocks.upper_bound(real);
    if (block == blocks.begin()) throw std::logic_error("an operation was given memory of the host");
    --block;
    if (real + bytes > block->first + block->second) throw std::logic_error("an operation leaves its memory");
    return reinterpret_cast<T *>(real);
  }

  void forget_batch() {
    for (void *memory : batch_blocks) give_back(memory);
    batch_blocks.clear();
  }
  template <class T> const T *place(const T *host, int64_t count) {
    if (host == nullptr) return nullptr;
    batch_blocks.push_back(copy_in(host, static_cast<size_t>(count) * sizeof(T)));
    return static_cast<const T *>(batch_blocks.back());
  }

  CpuDevice cpu;
  std::map<uintptr_t, size_t> blocks; // by their real addresses
  std::vector<void *> held_blocks, batch_blocks;
};

ForeignDevice &foreign(Device &device) { return static_cast<ForeignDevice &>(device); }

// What an operation is given, with the real addresses in place of the displaced ones. Of a bare pointer only its first
// value is looked up.
template <class T> T real(const ForeignDevice &, T value) { return value; }

template <class T> T *real(const ForeignDevice &device, T *pointer) {
  return pointer == nullptr ? nullptr : device.inside(pointer, sizeof(T));
}

template <class T> T *real_of(const ForeignDevice &device, T *pointer, int64_t count) {
  if (pointer == nullptr) return nullptr;
  return device.inside(pointer, static_cast<size_t>(count) * sizeof(T));
}

Matrix real(const ForeignDevice &device, Matrix m) {
  if (m.data == nullptr) return m;
  const int64_t values = m.rows * m.cols == 0 ? 0 : (m.rows - 1) * m.stride + m.cols;
  m.data = device.inside(static_cast<std::byte *>(m.data), static_cast<size_t>(values * element_bytes(m.element)));
  return m;
}

Weight real(const ForeignDevice &device, Weight w) {
  w.data = real_of(device, w.data, w.out * static_cast<int64_t>(w.row_bytes));
  return w;
}

DropoutKey real(const ForeignDevice &device, DropoutKey key) {
  key.tokens = real(device, key.tokens);
  return key;
}

PackedBatch real(const ForeignDevice &device, PackedBatch batch) {
  batch.tokens = real_of(device, batch.tokens, batch.token_count);
  batch.positions = real_of(device, batch.positions, batch.token_count);
  batch.offsets = real_of(device, batch.offsets, batch.documents + 1);
  batch.parents = real_of(device, batch.parents, batch.documents);
  return batch;
}

RopeTable real(const ForeignDevice &device, RopeTable table) {
  table.cosine = real(device, table.cosine);
  table.sine = real(device, table.sine);
  return table;
}

CodedMoment real(const ForeignDevice &device, CodedMoment moment) {
  return {real(device, moment.codes), real(device, moment.largest)};
}

// A pair is handed over by its address: the copy with real addresses lives as long as the call.
struct RealPair {
  LoraPair pair;
  bool present;
  operator const LoraPair *() const { return present ? &pair : nullptr; }
};

RealPair real(const ForeignDevice &device, const LoraPair *pair) {
  if (pair == nullptr) return {{}, false};
  LoraPair copy = *pair;
  copy.a = real(device, copy.a);
  copy.b = real(device, copy.b);
  copy.da = real(device, copy.da);
  copy.db = real(device, copy.db);
  return {copy, true};
}

// The operation that member `Op` of the table points at, on real addresses.
template <auto Op, class Type> struct Passed;
template <auto Op, class Result, class... Arguments> struct Passed<Op, Result (*)(Device &, Arguments...)> {
  static Result call(Device &device, Arguments... arguments) {
    ++operations;
    return (cpu_ops().*Op)(foreign(device).cpu, real(foreign(device), arguments)...);
  }
};

template <class Type> struct MemberOf;
template <class Type> struct MemberOf<Type Ops::*> { using type = Type; };

template <auto Op> constexpr auto pass_on = Passed<Op, typename MemberOf<decltype(Op)>::type>::call;

void *allocate(Device &device, size_t bytes) { return foreign(device).give_out(bytes); }
void release(Device &device, void *memory) { foreign(device).give_back(memory); }

const void *hold(Device &device, const void *host, size_t bytes) {
  return foreign(device).held_blocks.emplace_back(foreign(device).copy_in(host, bytes));
}

void upload(Device &device, void *to, const void *host, size_t bytes) {
  std::memcpy(foreign(device).inside(static_cast<std::byte *>(to), bytes), host, bytes);
}

void download(Device &device, void *host, const void *from, size_t bytes) {
  std::memcpy(host, foreign(device).inside(static_cast<const std::byte *>(from), bytes), bytes);
}

void copy(Device &device, void *to, const void *from, size_t bytes) {
  std::memcpy(foreign(device).inside(static_cast<std::byte *>(to), bytes),
              foreign(device).inside(static_cast<const std::byte *>(from), bytes), bytes);
}

PackedBatch place_batch(Device &any, const PackedBatch &batch) {
  ForeignDevice &device = foreign(any);
  device.forget_batch();
  PackedBatch placed = batch;
  placed.tokens = device.place(batch.tokens, batch.token_count);
  placed.positions = device.place(batch.positions, batch.token_count);
  placed.offsets = device.place(batch.offsets, batch.documents + 1);
  placed.parents = device.place(batch.parents, batch.documents);
  return placed;
}

void group_slots(Device &any, const SlotGroups &groups, int32_t *host_offsets, const int32_t *experts, int64_t tokens,
                 const RouterShape &shape) {
  const ForeignDevice &device = foreign(any);
  const int64_t slots = tokens * shape.chosen;
  const SlotGroups own = {real_of(device, groups.offsets, shape.experts + 1), real_of(device, groups.tokens, slots),
                          real_of(device, groups.places, slots)};
  cpu_ops().group_slots(foreign(any).cpu, own, host_offsets, real_of(device, experts, slots), tokens, shape);
}

const Ops &foreign_ops() {
  static const Ops table = {
      .name = "foreign",
      .activations = Element::f32,
      .host_memory = false,
      .allocate = allocate,
      .release = release,
      .hold = hold,
      .upload = upload,
      .download = download,
      .copy = copy,
      .place_batch = place_batch,
      .fill = pass_on<&Ops::fill>,
      .linear_forward = pass_on<&Ops::linear_forward>,
      .linear_backward = pass_on<&Ops::linear_backward>,
      .rms_norm_forward = pass_on<&Ops::rms_norm_forward>,
      .rms_norm_backward = pass_on<&Ops::rms_norm_backward>,
      .rope = pass_on<&Ops::rope>,
      .attention_forward = pass_on<&Ops::attention_forward>,
      .attention_backward = pass_on<&Ops::attention_backward>,
      .glu_forward = pass_on<&Ops::glu_forward>,
      .glu_backward = pass_on<&Ops::glu_backward>,
      .add = pass_on<&Ops::add>,
      .scale_rows = pass_on<&Ops::scale_rows>,
      .add_noise = pass_on<&Ops::add_noise>,
      .embedding_forward = pass_on<&Ops::embedding_forward>,
      .embedding_backward = pass_on<&Ops::embedding_backward>,
      .gather_rows = pass_on<&Ops::gather_rows>,
      .scatter_rows = pass_on<&Ops::scatter_rows>,
      .route_forward = pass_on<&Ops::route_forward>,
      .route_backward = pass_on<&Ops::route_backward>,
      .group_slots = group_slots,
      .combine_rows = pass_on<&Ops::combine_rows>,
      .combine_rows_backward = pass_on<&Ops::combine_rows_backward>,
      .causal_conv_forward = pass_on<&Ops::causal_conv_forward>,
      .causal_conv_backward = pass_on<&Ops::causal_conv_backward>,
      .unit_heads_forward = pass_on<&Ops::unit_heads_forward>,
      .unit_heads_backward = pass_on<&Ops::unit_heads_backward>,
      .delta_gates_forward = pass_on<&Ops::delta_gates_forward>,
      .delta_gates_backward = pass_on<&Ops::delta_gates_backward>,
      .delta_rule_forward = pass_on<&Ops::delta_rule_forward>,
      .delta_rule_backward = pass_on<&Ops::delta_rule_backward>,
      .cross_entropy = pass_on<&Ops::cross_entropy>,
      .log_probability = pass_on<&Ops::log_probability>,
      .add_up = pass_on<&Ops::add_up>,
      .sum_of_squares = pass_on<&Ops::sum_of_squares>,
      .adamw = pass_on<&Ops::adamw>,
      .adamw8 = pass_on<&Ops::adamw8>,
      .average = pass_on<&Ops::average>,
  };
  return table;
}

} // namespace

Backend open_foreign_backend(const BackendNeeds &needs) {
  return {BackendKind::cpu, "foreign", &foreign_ops(), std::make_unique<ForeignDevice>(needs)};
}

int64_t foreign_operations() { return operations; }

} // namespace trex::test
