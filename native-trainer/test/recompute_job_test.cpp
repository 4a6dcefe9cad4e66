// What the memory plan chooses to compute again, and that the adapter does not tell.
#include "support/check.h"
#include "support/training_jobs.h"

using namespace trex::test;
using nlohmann::json;

namespace {

json request_with(const char *folder, const json &recompute) {
  json request = request_into(folder);
  request["lora"]["dropout"] = 0.1;
  request["batch"]["recompute"] = recompute;
  return request;
}

int64_t bytes_of(const json &plan, const char *what) { return plan.at("bytes").at(what).get<int64_t>(); }

} // namespace

TEST(every_policy_trains_the_same_adapter) {
  const Outcome kept = train(request_with("kept", "nothing"));
  for (const char *recompute : {"feed_forward", "layer"}) {
    const Outcome again = train(request_with(recompute, recompute));
    CHECK(again.exit_code == 0 && again.last("plan").at("recompute") == recompute);
    CHECK(again.last("done").at("sha256") == kept.last("done").at("sha256"));
    CHECK(again.last("done").at("loss") == kept.last("done").at("loss"));
    CHECK(bytes_of(again.last("plan"), "activations") < bytes_of(kept.last("plan"), "activations"));
  }
}

TEST(the_plan_takes_the_cheapest_policy_that_fits) {
  const auto planned = [](const json &recompute, const json &limit) {
    json request = request_with("planned", recompute);
    request["limits"] = {{"memoryBytes", limit}};
    return plan_of(request);
  };
  const json kept = planned("nothing", nullptr), ffn = planned("feed_forward", nullptr), layer = planned("layer", nullptr);
  const auto total = [](const json &plan) { return plan.at("total").get<int64_t>(); };
  CHECK(total(kept) > total(ffn) && total(ffn) > total(layer));
  CHECK(planned("auto", nullptr).at("recompute") == "nothing");
  CHECK(planned("auto", total(kept) - 1).at("recompute") == "feed_forward");
  CHECK(planned("auto", total(ffn) - 1).at("recompute") == "layer");
  const json none = planned("auto", total(layer) - 1);
  CHECK(none.at("fits") == false && none.at("recompute") == "layer");
  const json asked = planned("nothing", total(kept) - 1); // what the request fixes is kept, and the way out is named
  CHECK(asked.at("fits") == false && asked.at("advice").dump().find("batch.recompute layer") != std::string::npos);
}

TEST(a_job_that_was_killed_may_go_on_with_another_policy) {
  const Outcome whole = train(request_with("whole", "nothing"));
  json request = request_with("part", "layer");
  request["limits"] = {{"seconds", 1e-9}};
  CHECK(train(request).code == "train.timeout");
  request.erase("limits");
  request["resume"] = true;
  request["batch"]["recompute"] = "feed_forward";
  CHECK(train(request).last("done").at("sha256") == whole.last("done").at("sha256"));
}
