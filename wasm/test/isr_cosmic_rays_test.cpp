// Cosmic rays against a dense twin that computes every median, and against the truth of a simulated exposure.
// (python/tests holds the masks against those of astroscrappy.)
#include <algorithm>

#include "frame_of.h"

using check::Detector;
using check::Random;

namespace {

float middle(std::vector<float> v) {
  std::sort(v.begin(), v.end());
  const size_t n = v.size();
  return n % 2 == 1 ? v[n / 2] : static_cast<float>((double{v[n / 2 - 1]} + double{v[n / 2]}) / 2);
}

// Values by pixel; the edge goes on beyond the frame.
struct Plane {
  int w, h;
  std::vector<float> v;
  float at(int x, int y) const {
    return v[static_cast<size_t>(std::clamp(y, 0, h - 1) * w + std::clamp(x, 0, w - 1))];
  }
  std::vector<float> around(int x, int y, int reach) const {
    std::vector<float> out;
    for (int b = -reach; b <= reach; ++b)
      for (int a = -reach; a <= reach; ++a) out.push_back(at(x + a, y + b));
    return out;
  }
  template <class F>
  Plane map(F f) const {
    Plane out{w, h, std::vector<float>(v.size())};
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x) out.v[static_cast<size_t>(y * w + x)] = f(x, y);
    return out;
  }
};

// Beyond the frame the engine's planes continue the image, and not what follows from it; twins are compared
// `kEdge` pixels inside.
constexpr int kEdge = 12;

struct Twin {
  std::vector<float> image;
  std::vector<uint8_t> found;
};

// In electrons, with no mask; `variance` may be empty.
Twin twin(const std::vector<float>& first, const std::vector<float>& variance, int w, int h,
          float read_noise) {
  Twin t{first, std::vector<uint8_t>(first.size())};
  auto grown = [&](const std::vector<uint8_t>& flags) {
    std::vector<uint8_t> out(flags.size());
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x)
        for (int v = std::max(y - 1, 0); v <= std::min(y + 1, h - 1); ++v)
          for (int u = std::max(x - 1, 0); u <= std::min(x + 1, w - 1); ++u)
            out[static_cast<size_t>(y * w + x)] |= flags[static_cast<size_t>(v * w + u)];
    return out;
  };
  for (int iteration = 0; iteration < 4; ++iteration) {
    const Plane image{w, h, t.image};
    const Plane noise = image.map([&](int x, int y) {
      std::vector<float> values;
      for (int b = -2; b <= 2; ++b)
        for (int a = -2; a <= 2; ++a) {
          const size_t i = static_cast<size_t>(std::clamp(y + b, 0, h - 1) * w + std::clamp(x + a, 0, w - 1));
          if (variance.empty()) {
            values.push_back(t.image[i] + read_noise * read_noise);
          } else if (t.found[i] == 0) {
            values.push_back(variance[i]);
          }
        }
      return values.empty() ? INFINITY : std::sqrt(std::max(middle(values), 1e-5f));
    });
    const Plane s = image.map([&](int x, int y) {
      float sum[2] = {0, 0};
      for (int b : {-1, 1})
        for (int a : {-1, 1})
          sum[b > 0] += std::max(2 * image.at(x, y) - image.at(x + a, y) - image.at(x, y + b), 0.0f);
      const float n = noise.at(x, y);
      return n < INFINITY ? 0.25f * (sum[0] + sum[1]) / (2 * n) : 0;
    });
    const Plane excess = s.map([&](int x, int y) { return s.at(x, y) - middle(s.around(x, y, 2)); });
    const Plane smooth = image.map([&](int x, int y) { return middle(image.around(x, y, 1)); });
    std::vector<uint8_t> seeds(first.size()), cores(first.size());
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x) {
        if (!(excess.at(x, y) > 4.5f)) continue;
        const float f = (smooth.at(x, y) - middle(smooth.around(x, y, 3))) / noise.at(x, y);
        seeds[static_cast<size_t>(y * w + x)] = excess.at(x, y) / std::max(f, 0.01f) > 5 ? 1 : 0;
      }
    cores = grown(seeds);
    for (size_t i = 0; i < cores.size(); ++i) cores[i] = cores[i] != 0 && excess.v[i] > 4.5f ? 1 : 0;
    cores = grown(cores);
    bool any = false;
    for (size_t i = 0; i < cores.size(); ++i) {
      if (cores[i] == 0 || !(excess.v[i] > 0.3f * 4.5f) || t.found[i] != 0) continue;
      t.found[i] = 1;
      any = true;
    }
    if (!any) break;
    const std::vector<float> before = t.image;
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x) {
        if (t.found[static_cast<size_t>(y * w + x)] == 0) continue;
        std::vector<float> good;
        for (int reach = 2; reach <= 4 && good.empty(); ++reach)
          for (int v = std::max(y - reach, 0); v <= std::min(y + reach, h - 1); ++v)
            for (int u = std::max(x - reach, 0); u <= std::min(x + reach, w - 1); ++u)
              if (t.found[static_cast<size_t>(v * w + u)] == 0)
                good.push_back(before[static_cast<size_t>(v * w + u)]);
        if (!good.empty()) t.image[static_cast<size_t>(y * w + x)] = middle(good);
      }
  }
  return t;
}

// Sky, stars and tracks in electrons; `truth` marks what a track adds more than five sigma to.
void paint(Random& random, Detector& d, std::vector<uint8_t>* truth) {
  const int w = static_cast<int>(d.frame.width), h = static_cast<int>(d.frame.height);
  std::vector<double> sky(d.image.size(), 200), rays(d.image.size());
  auto uniform = [&] { return static_cast<double>(check::below(random, 1 << 20)) / (1 << 20); };
  for (int i = 0; i < w * h / 400; ++i) {
    const double cx = uniform() * w, cy = uniform() * h, flux = 200 * std::pow(uniform() + 0.01, -1.0);
    for (int y = std::max(0, static_cast<int>(cy) - 12); y < std::min(h, static_cast<int>(cy) + 13); ++y)
      for (int x = std::max(0, static_cast<int>(cx) - 12); x < std::min(w, static_cast<int>(cx) + 13); ++x)
        sky[static_cast<size_t>(y * w + x)] +=
            flux * std::exp(-((x - cx) * (x - cx) + (y - cy) * (y - cy)) / (2 * 1.8 * 1.8));
  }
  for (int i = 0; i < w * h / 600; ++i) {
    double x = uniform() * w, y = uniform() * h;
    const double angle = 6.283 * uniform(), length = 1 + 12 * uniform() * uniform(),
                 level = 300 + 4000 * uniform();
    for (double s = 0; s < length; ++s, x += std::cos(angle), y += std::sin(angle))
      if (x >= 0 && y >= 0 && x < w && y < h)
        rays[static_cast<size_t>(static_cast<int>(y) * w + static_cast<int>(x))] = level;
  }
  for (size_t i = 0; i < sky.size(); ++i) {
    const double sigma = std::sqrt(sky[i] + 64);
    d.image[i] = static_cast<float>(sky[i] + rays[i] + sigma * check::normal(random));
    if (truth != nullptr) (*truth)[i] = rays[i] > 5 * sigma ? 1 : 0;
  }
}

}  // namespace

TEST(cosmic_rays_equal_their_twin) {
  Random random(71);
  for (const bool with_variance : {false, true}) {
    Detector d(1, 1, 150, 120);
    d.frame.in_electrons = true;
    paint(random, d, nullptr);
    std::vector<float> variance;
    if (with_variance) {
      for (const float v : d.image) variance.push_back(std::max(v, 0.0f) + 64);
      d.frame.variance = variance.data();
    }
    const Twin expected = twin(d.image, variance, 150, 120, 8);
    CHECK(check::finish(af::new_cosmic_rays(&d.frame), 5) == AF_OK);
    int count = 0;
    for (uint32_t y = kEdge; y < d.frame.height - kEdge; ++y)
      for (uint32_t x = kEdge; x < d.frame.width - kEdge; ++x) {
        const size_t i = d.frame.at(x, y);
        CHECK((d.mask[i] & d.frame.planes.cosmic_ray) ==
              (expected.found[i] != 0 ? d.frame.planes.cosmic_ray : 0));
        CHECK(d.image[i] == expected.image[i]);
        count += expected.found[i];
      }
    CHECK(count > 30);
  }
}

TEST(cosmic_rays_are_found_and_stars_are_kept) {
  Random random(72);
  Detector d(2, 2, 150, 150);
  d.frame.in_electrons = true;
  std::vector<uint8_t> truth(d.image.size());
  paint(random, d, &truth);
  CHECK(check::finish(af::new_cosmic_rays(&d.frame), 64) == AF_OK);
  double there = 0, found = 0, claimed = 0, wrong = 0;
  for (int y = 0; y < 300; ++y)
    for (int x = 0; x < 300; ++x) {
      const bool is_found = (d.mask[static_cast<size_t>(y * 300 + x)] & d.frame.planes.cosmic_ray) != 0;
      bool near = false;
      for (int v = std::max(y - 1, 0); v <= std::min(y + 1, 299); ++v)
        for (int u = std::max(x - 1, 0); u <= std::min(x + 1, 299); ++u)
          near = near || truth[static_cast<size_t>(v * 300 + u)] != 0;
      there += truth[static_cast<size_t>(y * 300 + x)];
      found += truth[static_cast<size_t>(y * 300 + x)] != 0 && is_found ? 1 : 0;
      claimed += is_found ? 1 : 0;
      wrong += is_found && !near ? 1 : 0;
    }
  std::printf("cosmic rays: %.0f pixels, %.1f %% found, %.1f %% of %.0f wrong\n", there, 100 * found / there,
              100 * wrong / claimed, claimed);
  CHECK(there > 300 && found > 0.9 * there && wrong < 0.05 * claimed);
}

TEST(saturated_and_bad_pixels_are_no_cosmic_rays) {
  Random random(73);
  for (const bool masked : {true, false}) {
    Detector d(1, 1, 60, 60);
    d.frame.in_electrons = true;
    for (float& v : d.image) v = static_cast<float>(200 + 16 * check::normal(random));
    // A core that was cut off has edges as sharp as a cosmic ray's; so has a hot pixel.
    for (uint32_t y = 20; y < 24; ++y)
      for (uint32_t x = 20; x < 24; ++x) {
        d.at(x, y) = 100000;
        if (masked) d.mask_at(x, y) = d.frame.planes.saturated;
      }
    d.at(24, 24) = 20000;
    d.at(40, 40) = 5000;
    if (masked) d.mask_at(40, 40) = d.frame.planes.bad;
    d.at(10, 50) = std::nanf("");
    CHECK(check::finish(af::new_cosmic_rays(&d.frame), 1000) == AF_OK);
    auto is_ray = [&](uint32_t x, uint32_t y) { return (d.mask_at(x, y) & d.frame.planes.cosmic_ray) != 0; };
    CHECK(is_ray(40, 40) != masked && is_ray(24, 24) != masked && !is_ray(10, 50) &&
          std::isnan(d.at(10, 50)));
    CHECK(masked || std::fabs(d.at(40, 40) - 200) < 30);
  }
}

TEST(cosmic_rays_in_odd_frames) {
  Random random(74);
  for (int round = 0; round < 60; ++round) {
    Detector d(1, 1, 1 + static_cast<uint32_t>(check::below(random, 9)),
               1 + static_cast<uint32_t>(check::below(random, 40)));
    d.frame.in_electrons = round % 2 == 0;
    std::vector<float> variance(d.image.size());
    for (size_t i = 0; i < d.image.size(); ++i) {
      const float odd[] = {std::nanf(""), INFINITY, -INFINITY, 3e38f, -3e38f, 0, 1e-40f};
      d.image[i] = check::below(random, 6) == 0 ? odd[check::below(random, 7)]
                                                : static_cast<float>(50 * check::normal(random));
      variance[i] = check::below(random, 3) == 0 ? odd[check::below(random, 7)] : 100;
      if (check::below(random, 9) == 0) d.mask[i] = 1 << check::below(random, 11);
    }
    if (round % 3 == 0) d.frame.variance = variance.data();
    if (round % 5 == 0) d.frame.mask = nullptr;
    if (round % 7 == 0) d.amplifiers[0].gain_electron_per_adu = std::nan("");
    CHECK(check::finish(af::new_cosmic_rays(&d.frame), 1) == AF_OK);
  }
}

TEST(a_step_judges_few_candidates_whatever_the_image) {
  auto steps = [](bool spikes) {
    Detector d(1, 1, 320, 96);
    d.frame.in_electrons = true;
    for (uint32_t y = 0; y < 96; ++y)
      for (uint32_t x = 0; x < 320; ++x) d.at(x, y) = spikes && (x + y) % 2 == 0 ? 9000 : 100;
    af::Phase* phase = af::new_cosmic_rays(&d.frame);
    AfError error{};
    int count = 1;
    while (phase->step(64, &error) == AF_MORE) ++count;
    af::destroy(phase);
    return count;
  };
  const int quiet = steps(false), busy = steps(true);
  CHECK(quiet < 12 && busy > quiet);
}
