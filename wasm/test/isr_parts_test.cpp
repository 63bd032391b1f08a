// Overscan levels, masks in short form and spreads, each against the obvious way to get them.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "../src/isr_mask.h"
#include "../src/isr_overscan.h"
#include "../src/isr_statistics.h"
#include "check.h"

using check::below;
using check::Random;

namespace {

double median(std::vector<double> v) {
  if (v.empty()) return NAN;
  std::sort(v.begin(), v.end());
  return v.size() % 2 == 1 ? v[v.size() / 2] : (v[v.size() / 2 - 1] + v[v.size() / 2]) / 2;
}

double percentile(std::vector<double> v, double fraction) {
  std::sort(v.begin(), v.end());
  const double at = fraction * static_cast<double>(v.size() - 1);
  const size_t i = static_cast<size_t>(at);
  if (i + 1 >= v.size()) return v.back();
  const double t = at - static_cast<double>(i), d = v[i + 1] - v[i];
  return t < 0.5 ? v[i] + d * t : v[i + 1] - d * (1 - t);
}

std::vector<double> finite(const std::vector<float>& line) {
  std::vector<double> kept;
  for (const float v : line)
    if (std::isfinite(v)) kept.push_back(v);
  return kept;
}

std::vector<float> naive_levels(AfOverscan method, const std::vector<std::vector<float>>& lines) {
  std::vector<float> levels;
  std::vector<double> all, sigmas;
  for (const auto& line : lines) {
    const auto kept = finite(line);
    all.insert(all.end(), kept.begin(), kept.end());
    sigmas.push_back(kept.empty() ? 0 : 0.74 * (percentile(kept, 0.75) - percentile(kept, 0.25)));
  }
  const double typical = median(sigmas);
  double sum = 0;
  for (const double v : all) sum += v;
  for (size_t i = 0; i < lines.size(); ++i) {
    auto kept = finite(lines[i]);
    double level = NAN;
    if (method == AF_OVERSCAN_MEDIAN) {
      level = median(all);
    } else if (method == AF_OVERSCAN_MEAN) {
      level = all.empty() ? NAN : sum / static_cast<double>(all.size());
    } else if (method == AF_OVERSCAN_MEAN_PER_ROW) {
      double line_sum = 0;
      for (const double v : kept) line_sum += v;
      level = kept.empty() ? NAN : line_sum / static_cast<double>(kept.size());
    } else {
      const double middle = median(kept), sigma = sigmas[i] > 2 * typical ? typical : sigmas[i];
      if (method == AF_OVERSCAN_MEDIAN_PER_ROW)
        kept.erase(std::remove_if(kept.begin(), kept.end(),
                                  [&](double v) { return std::fabs(v - middle) > 3 * sigma; }),
                   kept.end());
      level = median(kept);
    }
    levels.push_back(static_cast<float>(level));
  }
  std::vector<float> filled = levels;
  for (size_t i = 0; i < levels.size(); ++i) {
    if (std::isfinite(levels[i])) continue;
    std::vector<double> near;
    for (size_t k = i; k-- > 0;)
      if (std::isfinite(levels[k])) {
        near.push_back(levels[k]);
        break;
      }
    for (size_t k = i + 1; k < levels.size(); ++k)
      if (std::isfinite(levels[k])) {
        near.push_back(levels[k]);
        break;
      }
    if (!near.empty()) filled[i] = static_cast<float>(near.size() == 2 ? (near[0] + near[1]) / 2 : near[0]);
  }
  return filled;
}

std::vector<float> fitted_levels(af::OverscanFit* fit, AfOverscan method,
                                 const std::vector<std::vector<float>>& lines) {
  constexpr uint32_t kLanes = af::OverscanFit::kLanes;
  CHECK(fit->start(method, static_cast<uint32_t>(lines.size()), static_cast<uint32_t>(lines[0].size())));
  for (size_t i = 0; i < lines.size(); ++i)
    for (size_t k = 0; k < lines[i].size(); ++k)
      fit->block(static_cast<uint32_t>(i) / kLanes)[k * kLanes + i % kLanes] = lines[i][k];
  for (uint32_t block = 0; block < fit->blocks(); ++block) fit->take_block(block);
  std::vector<float> levels(lines.size());
  CHECK(fit->finish(levels.data()));
  return levels;
}

}  // namespace

TEST(overscan_levels_equal_their_naive_twins) {
  Random random(21);
  af::OverscanFit fit;  // used again and again, as for the segments of a raw
  for (int round = 0; round < 250; ++round) {
    const size_t lines = 1 + below(random, 40), samples = 1 + below(random, round % 9 == 0 ? 300 : 70);
    const bool holes = below(random, 3) == 0;
    std::vector<std::vector<float>> values(lines, std::vector<float>(samples));
    for (auto& line : values)
      for (float& v : line) {
        v = 20000 + static_cast<float>(below(random, 40)) / 2;
        if (below(random, 12) == 0) v += static_cast<float>(below(random, 20000));
        if (holes && below(random, 5) == 0) v = below(random, 2) == 0 ? NAN : INFINITY;
      }
    if (holes) values[below(random, lines)].assign(samples, NAN);
    for (int m = AF_OVERSCAN_MEDIAN_PER_ROW; m <= AF_OVERSCAN_MEAN; ++m) {
      const auto method = static_cast<AfOverscan>(m);
      const auto wanted = naive_levels(method, values), got = fitted_levels(&fit, method, values);
      for (size_t i = 0; i < lines; ++i)
        CHECK(got[i] == wanted[i] || (std::isnan(got[i]) && std::isnan(wanted[i])));
    }
  }
}

TEST(a_spline_keeps_a_line_and_takes_noise_away) {
  for (const uint32_t count : {1u, 2u, 5u, 97u, 2048u}) {
    std::vector<float> levels(count);
    for (uint32_t i = 0; i < count; ++i) levels[i] = 100 + 0.25f * static_cast<float>(i);
    CHECK(af::smooth_by_spline(levels.data(), count));
    for (uint32_t i = 0; i < count; ++i) CHECK(std::fabs(levels[i] - (100 + 0.25 * i)) < 4 * 1.2e-7 * 612);
  }
  // Alternating noise is far below its amplitude of 1 behind knots of 64 lines.
  std::vector<float> noisy(1024);
  for (uint32_t i = 0; i < noisy.size(); ++i) noisy[i] = 50 + (i % 2 == 0 ? 1.0f : -1.0f);
  CHECK(af::smooth_by_spline(noisy.data(), 1024));
  for (const float v : noisy) CHECK(std::fabs(v - 50) < 0.05);
}

TEST(mask_runs_hold_what_the_mask_held) {
  Random random(22);
  for (int round = 0; round < 60; ++round) {
    const uint32_t width = 1 + static_cast<uint32_t>(below(random, 50)), height = 9;
    std::vector<int32_t> mask(width * height);
    for (int32_t& bits : mask)
      bits = below(random, 3) == 0 ? static_cast<int32_t>(below(random, 1 << 11)) : 0;
    af::MaskRuns runs;
    for (uint32_t y = 0; y < height; ++y) CHECK(runs.add_row(mask.data() + y * width, width));
    const uint32_t x0 = static_cast<uint32_t>(below(random, width));
    const uint32_t x1 = x0 + 1 + static_cast<uint32_t>(below(random, width - x0));
    for (uint32_t y = 0; y < height + 2; ++y) {
      std::vector<int32_t> out(x1 - x0, 1 << 20);
      af::merge_mask(runs, af::MaskPlanes{}, y, x0, x1, out.data());
      for (uint32_t x = x0; x < x1; ++x) {
        // DETECTED and DETECTED_NEGATIVE (5 and 6) mean nothing on an exposure.
        const int32_t bits = y < height ? mask[y * width + x] & ~(1 << 5 | 1 << 6) : 0;
        CHECK(out[x - x0] == (bits | 1 << 20));
      }
    }
  }
}

TEST(mask_planes_come_from_the_cards) {
  std::string cards;
  for (std::string text : {"MP_SAT  = 3", "MP_BAD  = 0", "MP_DUST = 7", "MP_CR   = 99", "MP_EDGE = 'x'"}) {
    text.resize(80, ' ');
    cards += text;
  }
  af::Header header;
  cards += "END";
  cards.resize(2880, ' ');
  CHECK(header.raw.append(cards.data(), cards.size()));
  CHECK(af::parse_cards(&header));
  af::MaskPlanes planes;
  CHECK(af::read_mask_planes(header, &planes));
  CHECK(planes.saturated == 1 << 3 && planes.bad == 1);
  CHECK(planes.interpolated == 1 << 2 && planes.edge == 1 << 4);  // their defaults are free
  // 3 and 7 are taken by others: the lowest free numbers from 9 on, but 9 and 10 only once.
  int32_t all = 0;
  for (const af::NamedPlane& plane : af::kNamedPlanes) {
    CHECK((all & planes.*plane.bit) == 0);
    all |= planes.*plane.bit;
  }
  CHECK((all & 1 << 7) == 0);
  af::Header empty;
  CHECK(!af::read_mask_planes(empty, &planes));
}

TEST(spreads_equal_sorted_ones) {
  Random random(23);
  for (int round = 0; round < 60; ++round) {
    const uint32_t width = 1 + static_cast<uint32_t>(below(random, 30)),
                   height = 1 + static_cast<uint32_t>(below(random, 9));
    const uint32_t stride = width + 3;
    std::vector<float> values(size_t{stride} * height, 1e30f);
    std::vector<double> kept;
    for (uint32_t y = 0; y < height; ++y)
      for (uint32_t x = 0; x < width; ++x) {
        float v = (static_cast<float>(below(random, 2000)) - 700) / 7;
        if (below(random, 11) == 0) v = NAN;
        if (round == 0) v = INFINITY;
        values[size_t{y} * stride + x] = v;
        if (std::isfinite(v)) kept.push_back(v);
      }
    af::Spread spread{};
    const af::StridedValues strided{values.data(), AF_F32, stride, width, height};
    CHECK(af::measure_median(strided, &spread.median));
    CHECK(af::measure_robust_sigma(strided, spread.median, &spread.robust_sigma));
    if (kept.empty()) {
      CHECK(std::isnan(spread.median) && std::isnan(spread.robust_sigma));
      continue;
    }
    const double middle = median(kept);
    for (double& v : kept) v = static_cast<float>(std::fabs(v - middle));
    CHECK(spread.median == middle);
    CHECK(spread.robust_sigma == 1.4826 * median(kept));
  }
  const std::vector<int32_t> integers = {5, -3, 2147483647, 7};
  double middle = 0;
  CHECK(af::measure_median({integers.data(), AF_I32, 4, 4, 1}, &middle));
  CHECK(middle == 6);
}
