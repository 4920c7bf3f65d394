//! What a function that stands around another one answers to DataFusion.

/// The methods of `ScalarUDFImpl` by which a function looks like the one inside it. The function has a field
/// `inner: Arc<ScalarUDF>`; its signature is its own to say.
macro_rules! looks_like_inner {
    () => {
        fn name(&self) -> &str {
            self.inner.name()
        }

        fn aliases(&self) -> &[String] {
            self.inner.aliases()
        }

        fn return_type(&self, types: &[DataType]) -> DataFusionResult<DataType> {
            self.inner.return_type(types)
        }

        fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
            self.inner.return_field_from_args(args)
        }

        fn coerce_types(&self, types: &[DataType]) -> DataFusionResult<Vec<DataType>> {
            self.inner.coerce_types(types)
        }
    };
}

pub(crate) use looks_like_inner;
