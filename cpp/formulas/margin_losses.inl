// What are the losses of scores, which only have to be large enough on the right side?

// l = max(0, 1 - y y_hat)
struct Hinge {
  static constexpr auto name = "hinge";
  static constexpr auto class_name = "Hinge";
  static constexpr auto doc =
      R"(The hinge loss, averaged over the outputs; targets are -1 and 1, or 0 and 1.

.. math:: \ell(\hat y, y) = \frac{1}{m} \sum_j \max(0, 1 - y_j \hat y_j)

Predictions are scores of any size, positive for the class 1; the gradient at the kink is 0.)";
  static constexpr auto reference =
      "Bishop (2006), Pattern Recognition and Machine Learning, equation 7.45.";
  using Matching = NoActivation;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = any();
  static constexpr double gradient_factor = 1.0;
  static constexpr auto fields = std::make_tuple();

  static constexpr const char* targets() { return "signs"; }

  template <class V>
  static V value(V y_hat, V y) {
    return not_below(splat<V>(1) - y * y_hat, 0);
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return -(y * sign(value(y_hat, y)));
  }
};

// l = max(0, 1 - y y_hat)^2
struct SquaredHinge {
  static constexpr auto name = "squared_hinge";
  static constexpr auto class_name = "SquaredHinge";
  static constexpr auto doc =
      R"(The squared hinge loss, averaged over the outputs; targets are -1 and 1, or 0 and 1.

.. math:: \ell(\hat y, y) = \frac{1}{m} \sum_j \max(0, 1 - y_j \hat y_j)^2)";
  static constexpr auto reference =
      "Hsieh, Chang, Lin, Keerthi and Sundararajan (2008), A dual coordinate descent method for "
      "large-scale linear SVM, equation 2.";
  using Matching = NoActivation;
  static constexpr bool averages_outputs = true;
  static constexpr Interval predictions = any();
  static constexpr double gradient_factor = 2.0;
  static constexpr auto fields = std::make_tuple();

  static constexpr const char* targets() { return "signs"; }

  template <class V>
  static V value(V y_hat, V y) {
    return Hinge::value(y_hat, y) * Hinge::value(y_hat, y);
  }
  template <class V>
  static V gradient(V y_hat, V y) {
    return -(y * Hinge::value(y_hat, y));
  }
};
