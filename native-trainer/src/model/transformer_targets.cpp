// The targets of a batch: where the head finds them, and what it says of each.
#include <algorithm>
#include <iterator>
#include <new>

#include "model/transformer.h"

namespace trex {

TargetMemory Transformer::room_for_targets(int64_t count) {
  if (count <= limits_.tokens) return at_.work.targets;
  if (count > more_target_count_) {
    if (more_targets_ != nullptr) ops_.release(device_, more_targets_);
    more_target_count_ = 0;
    more_targets_ = ops_.allocate(device_, target_bytes(count));
    if (more_targets_ == nullptr) throw std::bad_alloc();
    more_target_count_ = count;
  }
  return lay_out_targets(count, more_targets_);
}

TargetMemory Transformer::place_targets(const TokenBatch &batch, const std::vector<int32_t> &rows) {
  const TargetMemory at = room_for_targets(batch.target_count());
  upload(at.rows, rows);
  upload(at.targets, batch.targets);
  return at;
}

void Transformer::head_log_probabilities(const Pass &pass, const TokenBatch &batch,
                                         std::vector<double> &log_probabilities, std::vector<uint8_t> &is_argmax,
                                         const LogitsSink &sink) {
  const std::vector<int32_t> &rows = batch.target_rows;
  head_rows_.clear();
  std::unique_copy(rows.begin(), rows.end(), std::back_inserter(head_rows_));
  const TargetMemory at = place_targets(batch, head_rows_);
  const auto chunk = static_cast<size_t>(head_chunk());
  size_t first = 0; // target
  for (size_t begin = 0; begin < head_rows_.size(); begin += chunk) {
    const size_t count = std::min(chunk, head_rows_.size() - begin);
    size_t end = first;
    for (size_t row = begin; row < begin + count; ++row) {
      while (end < rows.size() && rows[end] == head_rows_[row]) ++end;
    }
    const Matrix logits =
        head_forward(pass, {model_.output_norm, model_.head}, at.rows + begin, static_cast<int64_t>(count));
    log_probabilities_of_rows(batch, logits, at, first, end);
    if (sink) show(sink, logits);
    first = end;
  }
  log_probabilities.resize(rows.size());
  is_argmax.resize(rows.size());
  download(log_probabilities, at.losses);
  download(is_argmax, at.is_argmax);
}

// Targets [first, end), whose distinct rows are those of the logits. A row that predicts several targets, such as the
// choices after a question, went through the head once.
void Transformer::log_probabilities_of_rows(const TokenBatch &batch, Matrix logits, const TargetMemory &at,
                                            size_t first, size_t end) {
  const auto take = [&](Matrix rows, size_t target, float softcap) {
    ops_.log_probability(device_, at.losses + target, at.is_argmax + target, rows, at.targets + target, softcap);
  };
  const auto softcap = static_cast<float>(model_.parameters.logit_softcap);
  if (static_cast<size_t>(logits.rows) == end - first) return take(logits, first, softcap);
  for (size_t target = first, next; target < end; target = next) {
    for (next = target + 1; next < end && batch.target_rows[next] == batch.target_rows[target];) ++next;
    take(top(logits, 1), target, softcap);
    // The cap was applied in place, so it is no longer asked for. With a stride of 0 one row stands for several.
    const auto others = static_cast<int64_t>(next - target) - 1;
    if (others > 0) take({logits.data, others, logits.cols, 0}, target + 1, 0.0f);
    logits = rows_from(logits, 1);
  }
}

void Transformer::show(const LogitsSink &sink, const Matrix &logits) {
  if (ops_.host_memory) return sink(logits.f32(), logits.rows, logits.cols);
  shown_logits_.resize(static_cast<size_t>(logits.rows * logits.cols));
  download(shown_logits_, static_cast<const float *>(logits.f32()));
  sink(shown_logits_.data(), logits.rows, logits.cols);
}

} // namespace trex
