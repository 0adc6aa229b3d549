#include "network/link_execution.hpp"

#include "network/noise.hpp"
#include "network/normalization.hpp"
#include "network/run_parts.hpp"

namespace chainrule {

namespace {

template <class T>
class LinkExecutor : public RunParts<T> {
 public:
  using RunParts<T>::RunParts;

  void operator()(const SlopeProducts& op) {
    const ActivationCall<T> f = activation(op.activation);
    const MatrixView<const T> z = run_.view(op.z), da = run_.view(op.da);
    const MatrixView<T> products = run_.view(op.products);
    over_rows(z.rows, 2.0 * static_cast<double>(z.cols), [&](Range rows) {
      const auto cut = [&](auto m) { return m.rows_from(rows.begin, rows.size()); };
      f.kernels->slope_products(cut(z), cut(da), cut(products));
      pad_rows(cut(products));
    });
  }

  void operator()(const NoiseForward& op) {
    const NoiseUse& use = run_.plan.noises[static_cast<std::size_t>(op.noise)];
    const MatrixView<const T> z = run_.view(op.z);
    const MatrixView<T> scale = run_.view(op.scale), a = run_.view(op.a);
    over_rows(z.rows, 40.0 * static_cast<double>(z.cols), [&](Range rows) {
      const auto cut = [&](auto m) { return m.rows_from(rows.begin, rows.size()); };
      std::visit(
          [&](const auto& noise) {
            const RandomStream stream{run_.noise.seed, noise.purpose, use.layer, run_.noise.step};
            add_noise(noise, stream, rows.begin, cut(z), cut(scale), cut(a));
          },
          use.noise);
      pad_rows(cut(a));
    });
  }

  void operator()(const NoiseBackward& op) {
    const MatrixView<const T> da = run_.view(op.da), scale = run_.view(op.scale);
    const MatrixView<T> dz = run_.view(op.dz);
    over_rows(da.rows, static_cast<double>(da.cols), [&](Range rows) {
      const auto cut = [&](auto m) { return m.rows_from(rows.begin, rows.size()); };
      remove_noise(cut(da), cut(scale), cut(dz));
      pad_rows(cut(dz));
    });
  }

  void operator()(const LayerNormForward& op) {
    const MatrixView<const T> z = run_.view(op.z);
    const MatrixView<T> a = run_.view(op.a);
    over_rows(z.rows, 6.0 * static_cast<double>(z.cols), [&](Range rows) {
      kernels_.normalize_rows(z.rows_from(rows.begin, rows.size()), rounded_epsilon<T>(op.epsilon),
                              a.rows_from(rows.begin, rows.size()),
                              buffer_data(op.inverse) + rows.begin);
    });
  }

  void operator()(const LayerNormBackward& op) {
    const MatrixView<const T> a = run_.view(op.a), da = run_.view(op.da);
    const MatrixView<T> dz = run_.view(op.dz);
    over_rows(a.rows, 8.0 * static_cast<double>(a.cols), [&](Range rows) {
      const auto cut = [&](auto m) { return m.rows_from(rows.begin, rows.size()); };
      kernels_.normalize_rows_backward(cut(a), cut(da), buffer_data(op.inverse) + rows.begin,
                                       cut(dz));
    });
  }

  void operator()(const BatchNormForward& op) {
    const MatrixView<const T> z = run_.view(op.z);
    const MatrixView<T> a = run_.view(op.a);
    const ColumnMoments<T> moments{buffer_data(op.mean), buffer_data(op.variance),
                                   buffer_data(op.inverse)};
    over_panels(z, 6.0, [&](Index first, auto cut) {
      normalize_batch(kernels_, cut(z), op.epsilon, moments.from(first), cut(a));
    });
  }

  void operator()(const BatchNormBackward& op) {
    const MatrixView<const T> a = run_.view(op.a), da = run_.view(op.da);
    const MatrixView<T> dz = run_.view(op.dz);
    T *inverse = buffer_data(op.inverse), *sums = buffer_data(op.sums),
      *along = buffer_data(op.sums_along);
    over_panels(a, 8.0, [&](Index first, auto cut) {
      normalize_batch_backward(kernels_, cut(a), cut(da), inverse + first, sums + first,
                               along + first, cut(dz));
    });
  }

  void operator()(const RunningNormForward& op) {
    const Segment &mean = statistic(op.mean), &variance = statistic(op.variance);
    T* inverse = buffer_data(op.inverse);
    inverse_deviations(variance.n_out, run_.parameters + variance.offset, op.epsilon, inverse);
    over_parts(op.z, op.a, [&](MatrixView<const T> z, MatrixView<T> a) {
      kernels_.normalize_columns(z, run_.parameters + mean.offset, inverse, a);
    });
  }

  void operator()(const RunningNormBackward& op) {
    scale(op.da, buffer_data(op.inverse), nullptr, op.dz);
  }

  void operator()(const StatisticsUpdate& op) {
    // The loss is not finite, or a line search only begins here.
    if (run_.updated_parameters == nullptr) return;
    const auto rows = static_cast<double>(run_.rows());
    const auto move = [&](Index id, const T* batch, double factor) {
      const Segment& running = statistic(id);
      follow(running.n_out, op.momentum, batch, factor, run_.parameters + running.offset,
             run_.updated_parameters + running.offset);
    };
    move(op.mean, buffer_data(op.batch_mean), 1.0);
    move(op.variance, buffer_data(op.batch_variance), rows / (rows - 1.0));
  }

  void operator()(const ScaleForward& op) {
    scale(op.z, parameters_of(op.weight), parameters_of(op.bias), op.a);
  }

  void operator()(const ScaleBackward& op) {
    scale(op.da, parameters_of(op.weight), nullptr, op.dz);
  }

  void operator()(const RescaleForward& op) {
    over_parts(op.z, op.a, [&](MatrixView<const T> z, MatrixView<T> a) {
      kernels_.rescale(z, static_cast<T>(op.factor), static_cast<T>(op.offset), a);
    });
  }

  void operator()(const Addition& op) {
    const MatrixView<const T> a = run_.view(op.a), b = run_.view(op.b);
    const MatrixView<T> sum = run_.view(op.sum);
    over_rows(sum.rows, static_cast<double>(sum.cols), [&](Range rows) {
      const auto cut = [&](auto m) { return m.rows_from(rows.begin, rows.size()); };
      kernels_.add(cut(a), cut(b), cut(sum));
    });
  }

  void operator()(const RescaleBackward& op) {
    over_parts(op.da, op.dz, [&](MatrixView<const T> da, MatrixView<T> dz) {
      kernels_.rescale(da, static_cast<T>(op.factor), T(0), dz);
    });
  }

 private:
  using RunParts<T>::run_;
  using RunParts<T>::kernels_;
  using RunParts<T>::over_rows;
  using RunParts<T>::over_parts;
  using RunParts<T>::over_panels;
  using RunParts<T>::segment;
  using RunParts<T>::statistic;
  using RunParts<T>::parameters_of;
  using RunParts<T>::buffer_data;
  using RunParts<T>::activation;

  void scale(BufferId from, const T* w, const T* b, BufferId to) {
    over_parts(from, to,
               [&](MatrixView<const T> z, MatrixView<T> a) { kernels_.scale_columns(z, w, b, a); });
  }
};

}  // namespace

template <class T>
void execute_link(Run<T>& run, const LinkOperation& operation) {
  std::visit(LinkExecutor<T>(run), operation);
}

template void execute_link(Run<float>&, const LinkOperation&);
template void execute_link(Run<double>&, const LinkOperation&);

}  // namespace chainrule
