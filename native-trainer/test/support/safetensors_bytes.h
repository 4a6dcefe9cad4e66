// Hand-made safetensors files, sound or broken in one chosen way; an independent reading of the format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/check.h"

namespace trex::test {

inline std::string safetensors_bytes(const std::string &header, const std::string &buffer) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + buffer;
}

inline std::string float_bytes(const std::vector<float> &values) {
  return {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float)};
}

// A folder of the scratch folder that holds these two files; a text that is empty leaves its file out.
inline std::string peft_folder(const std::string &name, const std::string &config, const std::string &weights) {
  const std::string folder = scratch_folder() + "/" + name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  if (!config.empty()) std::ofstream(folder + "/adapter_config.json", std::ios::binary) << config;
  if (!weights.empty()) std::ofstream(folder + "/adapter_model.safetensors", std::ios::binary) << weights;
  return folder;
}

} // namespace trex::test
